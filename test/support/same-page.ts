/** A page without what is different in each answer: ids, the request's reference, the time that the session has left. */
export function withoutIds(html: string): string {
  return html.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}|<code>.*?<\/code>|data-session-left="\d+"/g, 'ID');
}
