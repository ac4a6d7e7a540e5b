// What the public list (password.list.ts) lacks of what is tried first, written down by hand, as far as it is long enough
// to pass. Runs, repetitions and words with a year behind them are rules (password.rules.ts), not entries.
import { folded } from './password.list.ts';

/** Words that, alone or in a row, make no password. */
export const commonWords = words(`
  administrator examination password passwort passwords passcode contrasena motdepasse
  welcome letmein iloveyou monkey dragon sunshine princess football baseball basketball superman batman spiderman
  starwars master shadow michael jennifer jessica charlie ashley daniel jordan thomas hunter ranger buster
  killer trustno trustnoone whatever nothing freedom computer internet secret access login user guest
  admin root test temp changeme default system server office support helpdesk manager company business
  summer winter spring autumn january february march april june july august september october november december
  monday tuesday wednesday thursday friday saturday sunday
  australia sydney melbourne brisbane perth adelaide canberra london newyork america
  qwerty qwertz azerty asdf zxcv yxcv qwer abc abcd love hello mother father family
  the and you your is my me a i no one
`).toSorted((a, b) => b.length - a.length);

export const commonPasswords: ReadonlySet<string> = new Set(
  words(`
  correcthorsebatterystaple correct-horse-battery-staple thequickbrownfox ihavenopassword mypasswordismypassword
  iamyourfather maytheforcebewithyou openthedoorplease openthebackdoor letmeinplease trustno1trustno1
  password123456 password1234567 password12345678 qwertyuiop[] asdfghjkl;' 147258369000 123654789000 987654321000
  football1234 baseball1234 chelseafc123 arsenal12345 jordan232323 michael12345 jennifer1234 charlie12345
  butterfly123 supermanbatman spongebobsquarepants starwars1234 administrator1 administrator123 adminadminadmin
  admin1234567 admin12345678 admin@123456 administrator! changemechangeme changeme1234 changemeplease
  defaultpassword temporarypassword temppassword1 newpassword12 welcome2024! welcometo2026 summer2024!!
  winter2025!! donotusethispassword thisisasecret thispasswordsucks nopasswordneeded computer1234 internet1234
  testtesttest test12345678 testing12345 tester123456 guestguestguest secretsecret1 supersecret123 topsecret1234
  mysecretpassword mysupersecretpassword australia123 australia1234 sydney123456 melbourne123 melbourne1234
  brisbane1234
`).map(folded),
);

function words(text: string): string[] {
  return text.trim().split(/\s+/);
}
