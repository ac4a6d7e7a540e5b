/** Why a valid message or note is refused. */
export const closedWords =
  'Nothing can be written about this booking: it is archived, or has no referrer yet';
export const tooManyWords = 'You wrote many messages within an hour. Wait a while, then send this one';
