import type { Ended, ImportRun, Listener } from './import.ts';
import { listRuns } from './import.repository.ts';
import { importPeople, type PeopleDeps, type PeopleRequest } from './people.ts';
import { undoImport, type Undone, type UndoListener } from './undo.ts';

export interface Imports {
  /** @throws TableError when the file as a whole cannot be read */
  people(request: PeopleRequest, listener: Listener): Promise<Ended & { ignored: string[] }>;
  list(): Promise<ImportRun[]>;
  undo(importId: string, listener: UndoListener): Promise<Undone>;
}

export type ImportDeps = PeopleDeps;

export function createImports(deps: ImportDeps): Imports {
  return {
    people: (request, listener) => importPeople(deps, request, listener),
    list: () => listRuns(deps.db),
    undo: (importId, listener) => undoImport(deps, importId, listener),
  };
}
