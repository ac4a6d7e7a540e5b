import { importAcuity, type AcuityImportDeps, type AcuityRequest } from './appointments.ts';
import { importBookings, type BookingsRequest } from './bookings.ts';
import type { ImportResult, ImportRun, Listener } from './import.ts';
import { listRuns } from './import.repository.ts';
import { importPeople, type PeopleDeps, type PeopleRequest } from './people.ts';
import { undoImport, type Undone, type UndoListener } from './undo.ts';

export interface Imports {
  /** @throws TableError when the file as a whole cannot be read */
  people(request: PeopleRequest, listener: Listener): Promise<ImportResult & { ignored: string[] }>;
  acuity(request: AcuityRequest, listener: Listener): Promise<ImportResult>;
  /** @throws TableError as above */
  bookings(request: BookingsRequest, listener: Listener): Promise<ImportResult & { ignored: string[] }>;
  list(): Promise<ImportRun[]>;
  undo(importId: string, listener: UndoListener): Promise<Undone>;
}

export type ImportDeps = PeopleDeps & AcuityImportDeps;

export function createImports(deps: ImportDeps): Imports {
  return {
    people: (request, listener) => importPeople(deps, request, listener),
    acuity: (request, listener) => importAcuity(deps, request, listener),
    bookings: (request, listener) => importBookings(deps, request, listener),
    list: () => listRuns(deps.db),
    undo: (importId, listener) => undoImport(deps, importId, listener),
  };
}
