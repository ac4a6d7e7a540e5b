// What is tried first, as far as it is long enough to pass: shorter ones fall to the length rule. Written down by hand;
// runs, repetitions and words with a year behind them are rules (password.rules.ts), not entries.

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
  correcthorsebatterystaple correct-horse-battery-staple thequickbrownfox ihavenopassword
  mypasswordismypassword iamyourfather maytheforcebewithyou openthedoorplease openthebackdoor
  letmeinletmein letmeinplease trustno1trustno1 iloveyousomuch iloveyouforever iloveyoubabe
  passwordpassword password123456 password1234567 password12345678 password123456789 password1234 passw0rd1234
  qwertyuiop123 qwertyuiop[] qwerty123456 qwerty1234567 qwerty12345678 qwertyqwerty qwertyuiopasdfghjkl
  1q2w3e4r5t6y 1q2w3e4r5t6y7u 1q2w3e4r5t6y7u8i 1qaz2wsx3edc 1qaz2wsx3edc4rfv qazwsxedcrfv qazwsxedcrfvtgb
  zaq12wsxcde3 zaq1xsw2cde3 q1w2e3r4t5y6 q1w2e3r4t5y6u7 q1w2e3r4t5y6u7i8 a1b2c3d4e5f6 a1s2d3f4g5h6 abc123abc123
  123qweasdzxc qwe123qwe123 asdfghjkl123 asdfghjkl;' zxcvbnm12345 asd123asd123 zxcasdqwe123 qweasdzxc123
  123456789abc 123456789qwe 1234567890qw 123456abcdef 123456qwerty 123321123321 112233445566 147258369000
  159753159753 159357159357 123654789000 987654321000 111222333444 121212121212 131313131313 101010101010
  football1234 baseball1234 liverpool123 liverpool1234 manchesterunited chelseafc123 arsenal12345 barcelona123
  jordan232323 michael12345 jennifer1234 charlie12345 chocolate123 butterfly123 strawberry12 superstar123
  supermanbatman spongebobsquarepants harrypotter123 pokemon12345 minecraft123 minecraft1234 starwars1234
  administrator1 administrator123 adminadminadmin admin1234567 admin12345678 admin@123456 administrator!
  changemechangeme changeme1234 changemeplease defaultpassword temporarypassword temppassword1 newpassword12
  welcome12345 welcome123456 welcome2024! welcometothejungle welcometo2026 summer2024!! winter2025!!
  donotusethispassword thisisapassword thisismypassword thisisasecret thispasswordsucks nopasswordneeded
  computer1234 internet1234 testtesttest test12345678 testing12345 tester123456 guestguestguest
  secretsecret1 supersecret123 topsecret1234 mysecretpassword mysupersecretpassword notmypassword
  australia123 australia1234 sydney123456 melbourne123 melbourne1234 brisbane1234
`),
);

function words(text: string): string[] {
  return text.trim().split(/\s+/);
}
