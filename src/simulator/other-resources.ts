// Everything but appointments: blocks, clients, webhook subscriptions, and the lists that only staff change.
import { requestedCalendar, requireType } from './appointments.ts';
import { AcuityError, notFound, refuse } from './errors.ts';
import { account, appointmentTypes, calendars, findCalendar } from './fixture.ts';
import type { StoredBlock, Subscription } from './state.ts';
import { dayOf, humanDate, humanTime, machineTime, parseTime, weekday } from './times.ts';
import { isBlank, text, type Body } from './values.ts';
import type { World } from './world.ts';

export const showTypes = (): unknown[] =>
  appointmentTypes.map(({ isVideo: _isVideo, ...type }) => ({
    ...type,
    active: true,
    private: false,
    type: 'service',
    classSize: null,
    schedulingUrl: `https://app.acuityscheduling.com/schedule.php?owner=${account.id}&appointmentType=${type.id}`,
  }));

export const showCalendars = (): unknown[] =>
  calendars.map(({ id, name, email, location, timezone }) => ({
    id,
    name,
    email,
    replyTo: email,
    description: '',
    location,
    timezone,
    thumbnail: false,
    image: false,
  }));

/** The practice has no certificates, so every check is refused (section 3.3). */
export function checkCertificate(query: Body): never {
  requireType(query);
  throw refuse('invalid_certificate', `The certificate "${text(query.certificate)}" is invalid.`);
}

export const showMe = (): unknown => ({
  id: account.id,
  email: account.email,
  timezone: account.timezone,
  firstDayOfWeek: 1,
  timeFormat: 'ampm',
  currency: 'AUD',
  schedulingPage: `https://app.acuityscheduling.com/schedule.php?owner=${account.id}`,
  embedCode: '<iframe></iframe>',
  plan: 'Professional',
  name: account.name,
  description: '',
});

export function showBlock(block: StoredBlock): Record<string, unknown> {
  const zone = findCalendar(block.calendarID)?.timezone ?? account.timezone;
  const [start, end] = [new Date(block.start), new Date(block.end)];
  return {
    id: block.id,
    calendarID: block.calendarID,
    calendarTimezone: zone,
    start: machineTime(start, zone),
    end: machineTime(end, zone),
    description: `${weekday(start, zone)}, ${humanDate(start, zone)} ${humanTime(start, zone)} - ${humanTime(end, zone)}`,
    managed: false,
    notes: block.notes,
    recurring: null,
    serviceGroupID: block.calendarID,
    until: null,
  };
}

export function createBlock({ store }: World, body: Body): StoredBlock {
  const calendar = requestedCalendar(body.calendarID);
  if (!calendar) throw refuse('invalid_calendar', `The calendar "${text(body.calendarID)}" does not exist.`);
  const read = (given: unknown): string => {
    const at = parseTime(text(given), calendar.timezone);
    if (!at) throw refuse('invalid_datetime', `The datetime "${text(given)}" is invalid.`);
    return at.toISOString();
  };
  const block = {
    id: store.newId(),
    calendarID: calendar.id,
    start: read(body.start),
    end: read(body.end),
    notes: text(body.notes),
  };
  store.state.blocks.push(block);
  store.save();
  return block;
}

export function findBlock({ store }: World, id: number): StoredBlock {
  const block = store.state.blocks.find((one) => one.id === id);
  if (!block) throw notFound();
  return block;
}

export function deleteBlock(world: World, id: number): void {
  const block = findBlock(world, id);
  const { state } = world.store;
  state.blocks = state.blocks.filter((one) => one !== block);
  world.store.save();
}

export function listBlocks({ store }: World, query: Body): StoredBlock[] {
  const limit = Number(query.max ?? 100);
  return store.state.blocks
    .filter((block) => {
      const zone = findCalendar(block.calendarID)?.timezone ?? account.timezone;
      if (!isBlank(query.calendarID) && block.calendarID !== Number(query.calendarID)) return false;
      const [min, max] = [query.minDate, query.maxDate].map((given) => parseTime(text(given), zone));
      if (min && dayOf(new Date(block.end), zone) < dayOf(min, zone)) return false;
      return !max || dayOf(new Date(block.start), zone) <= dayOf(max, zone);
    })
    .slice(0, limit > 0 ? limit : 100);
}

type Client = World['store']['state']['clients'][number];

/** Clients come from appointments and from POST /clients. Acuity has no client id (section 6.14). */
export function listClients({ store }: World, query: Body): Client[] {
  const { appointments, clients } = store.state;
  const all = [
    ...clients,
    ...appointments.map(({ firstName, lastName, phone, email }) => ({
      firstName,
      lastName,
      phone,
      email,
      notes: '',
    })),
  ];
  const unique = new Map(all.toReversed().map((client) => [clientKey(client), client]));
  const words = text(query.search).toLowerCase();
  return [...unique.values()].filter((client) =>
    Object.values(client).join(' ').toLowerCase().includes(words),
  );
}

export function addClient({ store }: World, body: Body): Client {
  if (isBlank(body.firstName)) throw refuse('required_first_name', 'Attribute "firstName" is required.');
  if (isBlank(body.lastName)) throw refuse('required_last_name', 'Attribute "lastName" is required.');
  const client = {
    firstName: text(body.firstName),
    lastName: text(body.lastName),
    phone: text(body.phone),
    email: text(body.email),
    notes: text(body.notes),
  };
  store.state.clients.push(client);
  store.save();
  return client;
}

export function changeClient(world: World, query: Body, body: Body | null): Client | null {
  const { store } = world;
  const client = store.state.clients.find(
    (one) =>
      !isBlank(query.firstName) &&
      !isBlank(query.lastName) &&
      (['firstName', 'lastName', 'phone'] as const).every(
        (name) => isBlank(query[name]) || one[name] === text(query[name]),
      ),
  );
  if (!client) throw refuse('client_not_found', 'Client does not exist');
  if (body)
    for (const name of ['firstName', 'lastName', 'phone', 'email', 'notes'] as const)
      client[name] = isBlank(body[name]) ? client[name] : text(body[name]);
  else store.state.clients = store.state.clients.filter((one) => one !== client);
  store.save();
  return body ? client : null;
}

function clientKey({ firstName, lastName, phone }: Client): string {
  return [firstName, lastName, phone].join('\n').toLowerCase();
}

const events = [
  'appointment.scheduled',
  'appointment.rescheduled',
  'appointment.canceled',
  'appointment.changed',
  'order.completed',
];

export function subscribe({ store }: World, body: Body): Subscription {
  const { subscriptions } = store.state;
  if (subscriptions.length >= 25) throw refuse('webhooks_limit', 'No more than 25 webhooks are allowed.');
  if (!events.includes(text(body.event)))
    throw refuse('invalid_event', `The event "${text(body.event)}" does not exist.`);
  if (!isReachable(text(body.target)))
    throw refuse('invalid_target', 'The target must be on port 443 or 80.');
  const made: Subscription = {
    id: store.newId(),
    event: text(body.event),
    target: text(body.target),
    status: 'active',
    failingSince: null,
  };
  subscriptions.push(made);
  store.save();
  return made;
}

export function unsubscribe({ store }: World, id: number): void {
  const { state } = store;
  if (!state.subscriptions.some((one) => one.id === id))
    throw new AcuityError(404, 'not_found', 'Not Found.');
  state.subscriptions = state.subscriptions.filter((one) => one.id !== id);
  store.save();
}

/** The real service requires port 443 or 80; the simulator accepts any port on this machine. */
function isReachable(target: string): boolean {
  if (!URL.canParse(target)) return false;
  const { protocol, hostname, port } = new URL(target);
  if (!/^https?:$/.test(protocol)) return false;
  return ['', '80', '443'].includes(port) || /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
}
