// What is above the list: its tabs with their counts, and its views.
import {
  listTabs,
  mostCounted,
  type CountedTab,
  type ListTab,
  type ListView,
} from '../../../bookings/index.ts';
import type { BookingFilter } from '../../forms/booking-filter.ts';
import { countWords } from '../count-words.ts';

export interface ListLink {
  text: string;
  href: string;
  isCurrent: boolean;
  /** `12`, `99+`; null: not counted. */
  count: string | null;
}

type Href = (changed: Record<string, string | null>) => string;

const tabWords: Record<ListTab, string> = {
  all: 'All',
  today: 'Today',
  upcoming: 'Upcoming',
  past: 'Past',
  needs_you: 'Needs you',
};

/** @param counts null for a filtered list, whose tabs have no counts */
export function tabsOf(given: {
  filter: BookingFilter;
  hasNeeds: boolean;
  counts: Record<CountedTab, number> | null;
  href: Href;
}): ListLink[] {
  const { filter, hasNeeds, counts, href } = given;
  const isList = (filter.view ?? 'list') === 'list';
  const current = filter.tab ?? 'all';
  const toList = { view: null, month: null, day: null };
  return listTabs
    .filter((tab) => tab !== 'needs_you' || hasNeeds)
    .map((tab) => {
      // A calendar shows days of its own choice.
      const stays = isList || tab === 'all' || tab === 'needs_you';
      const isCurrent = isList ? tab === current : tab === (current === 'needs_you' ? current : 'all');
      return {
        text: tabWords[tab],
        href: href({ tab: tab === 'all' ? null : tab, ...(stays ? {} : toList) }),
        isCurrent,
        count: counts && tab !== 'all' ? countWords(counts[tab], mostCounted) : null,
      };
    });
}

const viewWords: Record<ListView, string> = {
  list: 'List',
  agenda: 'Agenda',
  day: 'Day',
  week: 'Week',
  calendar: 'Month',
};

export function viewsOf({ filter, href }: { filter: BookingFilter; href: Href }): ListLink[] {
  const { view: current = 'list', month, day, tab } = filter;
  return Object.entries(viewWords).map(([view, text]) => ({
    text,
    isCurrent: view === current,
    count: null,
    href: href(
      view === 'list'
        ? { view: null, month: null, day: null }
        : { view, ...placeIn(view, { month, day }), tab: tab === 'needs_you' ? tab : null },
    ),
  }));
}

/** The same days in another view. */
function placeIn(
  view: string,
  { month, day }: Pick<BookingFilter, 'month' | 'day'>,
): { month: string | null; day: string | null } {
  if (view === 'calendar') return { month: month ?? day?.slice(0, 7) ?? null, day: null };
  return { day: day ?? null, month: day === undefined ? (month ?? null) : null };
}
