import type { Kind } from './attempt.kind.ts';
import type { Attempt, AttemptKind } from './attempt.ts';
import { bookKind } from './kind.book.ts';
import { cancelKind, rescheduleKind } from './kind.change.ts';

const kinds: { [K in AttemptKind]: Kind<K> } = {
  book: bookKind,
  reschedule: rescheduleKind,
  cancel: cancelKind,
};

export function kindOf<K extends AttemptKind>(attempt: Attempt<K>): Kind<K> {
  return kinds[attempt.request.kind];
}
