// An AdminJS resource over a table, made from the columns that @adminjs/sql has read. It reads only what the gate has
// checked. The forms of its actions call the rooms (action-form.ts).
import {
  BaseProperty,
  BaseRecord,
  BaseResource,
  type ActionContext,
  type CurrentAdmin,
  type Filter,
} from 'adminjs';
import type { Database } from '../db/knex.ts';
import { sendForm } from './action-form.ts';
import { typesOf, type Schema } from './schema.ts';
import type { Column, Table } from './table.ts';
import { countRows, findRows, shownRow, type Filters, type Row } from './table.query.ts';

/** What the gate (http/console) has checked and read for one request. */
export interface Checked {
  /** A list's filters, decrypted and in the reader's zone. AdminJS's own query has none. */
  filters: Filters;
  /** The record that is shown or changed; null for a list. */
  row: Row | null;
  /** How many rows a list has, once reading a page has told it: AdminJS reads the page, then counts. */
  total?: number | null;
}

const checks = new WeakMap<CurrentAdmin, Checked>();

/** Kept by viewer, whom AdminJS passes to its resources. Not in the viewer, who is written into a script of the page. */
export function handOver(viewer: CurrentAdmin, checked: Checked): CurrentAdmin {
  checks.set(viewer, checked);
  return viewer;
}

function checkedIn({ currentAdmin }: ActionContext): Checked {
  const checked = currentAdmin && checks.get(currentAdmin);
  if (!checked) throw new Error('AdminJS was asked for something that the gate has not checked');
  return checked;
}

/** Never a reference: AdminJS would send the whole referenced record, whether the viewer may read it or not. */
function propertyOf(column: Column, stored: BaseProperty | null, position: number): BaseProperty {
  const [type] = typesOf(column);
  // The first column is the id, whatever keys the table has.
  const property = new BaseProperty({ path: column.name, type, isId: position === 0, position });
  property.isRequired = () => stored?.isRequired() ?? false;
  return property;
}

export class TableResource extends BaseResource {
  readonly #table: Table;
  readonly #db: Database;
  readonly #properties: BaseProperty[];

  constructor(db: Database, table: Table, schema: Schema) {
    super(table);
    this.#db = db;
    this.#table = table;
    this.#properties = table.columns.map((column, at) => propertyOf(column, schema(table, column), at));
  }

  override id(): string {
    return this.#table.id;
  }
  override properties(): BaseProperty[] {
    return this.#properties;
  }
  override property(path: string): BaseProperty | null {
    return this.#properties.find((property) => property.path() === path) ?? null;
  }

  override async count(_filter: Filter, context: ActionContext): Promise<number> {
    const { filters, total } = checkedIn(context);
    return total ?? (await countRows(this.#db, this.#table, filters));
  }

  override async find(
    _filter: Filter,
    { sort, ...page }: { limit: number; offset: number; sort: { sortBy: string; direction: 'asc' | 'desc' } },
    context: ActionContext,
  ): Promise<BaseRecord[]> {
    const order = { by: sort.sortBy, direction: sort.direction };
    const checked = checkedIn(context);
    const { rows, total } = await findRows(this.#db, this.#table, checked.filters, { ...page, order });
    checked.total = total;
    return rows.map((row) => this.#record(row));
  }

  override async findOne(_id: string, context: ActionContext): Promise<BaseRecord | null> {
    const { row } = checkedIn(context);
    return row && this.#record(row);
  }

  override update(_id: string, _params: object, context: ActionContext) {
    return sendForm(context);
  }

  override create(_params: object, context: ActionContext) {
    return sendForm(context);
  }

  #record(row: Row): BaseRecord {
    const values = shownRow(this.#table, row);
    for (const { name, shownAs } of this.#table.columns) {
      const value = values[name];
      if (shownAs && typeof value === 'number') values[name] = shownAs.words(value);
    }
    return new BaseRecord(values, this);
  }
}
