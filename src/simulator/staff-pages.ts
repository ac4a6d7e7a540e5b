// Pages where the clinic's staff book, move and cancel as they would in Acuity; the same webhooks are sent.
import express, { Router, type Request, type Response } from 'express';
import {
  cancelAppointment,
  createAppointment,
  editAppointment,
  rescheduleAppointment,
} from './appointments.ts';
import { AcuityError } from './errors.ts';
import { account, appointmentTypes } from './fixture.ts';
import { submittedAnswers } from './staff-questions.ts';
import {
  appointmentList,
  appointmentPage,
  bookPage,
  deliveryList,
  notFoundPage,
  page,
  stylesheet,
} from './staff-views.ts';
import type { StoredAppointment } from './state.ts';
import type { Webhooks } from './webhooks.ts';
import type { World } from './world.ts';

const asStaff = { admin: true };
const halfDay = 12 * 3_600_000;

export function staffPages(world: World, webhooks: Webhooks): Router {
  const router = Router();
  router.use(express.urlencoded({ extended: false }));
  router.use((_req, res, next) => {
    res.set(
      'Content-Security-Policy',
      "default-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    );
    next();
  });

  router.get('/staff.css', (_req, res) => void res.type('css').send(stylesheet));
  router.get('/', (_req, res) => {
    const upcoming = world.store.state.appointments
      .filter(({ datetime }) => Date.parse(datetime) > world.now().getTime() - halfDay)
      .toSorted((a, b) => Date.parse(a.datetime) - Date.parse(b.datetime));
    res.send(page('Appointments', '/', appointmentList(world, upcoming)));
  });
  router.get(
    '/deliveries',
    (_req, res) => void res.send(page('Webhooks', '/deliveries', deliveryList(webhooks.deliveries))),
  );

  const showBook = (typed: Record<string, string>, problem: string | null): string =>
    page('Book', '/book', bookPage(world, { typed, typeId: submittedType(typed), problem }));
  router.get('/book', (_req, res) => void res.send(showBook({}, null)));
  router.post('/book', (req, res) => {
    const typed = submittedFields(req);
    // Another type was chosen: show its questions, and book nothing yet.
    if (typed.show !== undefined) {
      res.send(showBook(typed, null));
      return;
    }
    attempt(
      res,
      () => {
        const fields = submittedAnswers(world, submittedType(typed), typed);
        const made = createAppointment(world, { ...typed, fields }, asStaff, account.email);
        res.redirect(303, `/appointments/${made.id}`);
      },
      (problem) => showBook(typed, problem),
    );
  });

  router.get('/appointments/:id', (req, res) => show(res, world, find(world, req)));
  const action = (
    name: string,
    act: (one: StoredAppointment, typed: Record<string, string>) => void,
  ): void => {
    router.post(`/appointments/:id/${name}`, (req, res) => {
      const one = find(world, req);
      if (!one) return show(res, world, one);
      attempt(
        res,
        () => {
          act(one, submittedFields(req));
          res.redirect(303, `/appointments/${one.id}`);
        },
        (problem) => page('Appointment', '', appointmentPage(world, one, problem)),
      );
    });
  };
  action('reschedule', (one, typed) => rescheduleAppointment(world, one, typed, asStaff));
  action('cancel', (one, typed) =>
    cancelAppointment(world, one, { noShow: typed.noShow === 'true' }, asStaff),
  );
  action('edit', (one, typed) => {
    one.location = typed.location ?? one.location;
    const fields = submittedAnswers(world, one.appointmentTypeID, typed);
    editAppointment(world, one, { notes: typed.notes, fields }, asStaff);
  });
  return router;
}

function attempt(res: Response, act: () => void, otherwise: (problem: string) => string): void {
  try {
    act();
  } catch (error) {
    if (!(error instanceof AcuityError)) throw error;
    res.status(422).send(otherwise(error.message));
  }
}

function find({ store }: World, req: Request): StoredAppointment | undefined {
  return store.state.appointments.find(({ id }) => String(id) === req.params.id);
}

function show(res: Response, world: World, one: StoredAppointment | undefined): void {
  if (one) res.send(page('Appointment', '', appointmentPage(world, one, null)));
  else res.status(404).send(page('Not found', '', notFoundPage()));
}

/** The submitted form; the ticked boxes of a list become one comma-separated text, as Acuity stores them. */
function submittedFields(req: Request): Record<string, string> {
  const entries = Object.entries((req.body ?? {}) as Record<string, string | string[]>);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, [value].flat().filter(Boolean).join(', ')] as const),
  );
}

/** The type whose questions are shown: the chosen one, else the first. */
function submittedType(typed: Record<string, string>): number {
  return Number(typed.appointmentTypeID ?? appointmentTypes[0]?.id);
}
