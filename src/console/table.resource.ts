// An AdminJS resource over a table, made from what @adminjs/sql knows of its columns. It reads; the forms of its
// actions are sent to the rooms (action-form.ts).
import { BaseProperty, BaseRecord, BaseResource, type ActionContext, type Filter } from 'adminjs';
import type { Database } from '../db/knex.ts';
import { sendForm } from './action-form.ts';
import type { Schema } from './schema.ts';
import type { Column, Table } from './table.ts';
import {
  countRows,
  findRow,
  findRows,
  shownRow,
  type Filters,
  type FilterValue,
  type Row,
} from './table.query.ts';

const propertyTypes = { id: 'uuid', enum: 'string', json: 'textarea' } as const;

class TableProperty extends BaseProperty {
  readonly #column: Column;
  readonly #isRequired: boolean;
  /** The first column is the id, whatever keys the table has. */
  constructor(column: Column, stored: BaseProperty | null, position: number) {
    // Never a reference: AdminJS would send the whole record that it names, whoever may read that.
    const type =
      propertyTypes[column.type as keyof typeof propertyTypes] ?? stored?.type() ?? (column.type as 'string');
    super({ path: column.name, type, isId: position === 0, isSortable: true, position });
    this.#column = column;
    this.#isRequired = stored?.isRequired() ?? false;
  }
  override isRequired(): boolean {
    return this.#isRequired;
  }
  override availableValues(): string[] | null {
    return this.#column.words ? Object.keys(this.#column.words) : null;
  }
  override isEditable(): boolean {
    return false;
  }
}

export class TableResource extends BaseResource {
  readonly table: Table;
  readonly #db: Database;
  readonly #properties: TableProperty[];

  constructor(db: Database, table: Table, schema: Schema) {
    super(table);
    this.#db = db;
    this.table = table;
    this.#properties = table.columns.map(
      (column, index) => new TableProperty(column, schema(table, column), index),
    );
  }

  override databaseName(): string {
    return 'examdesk';
  }
  override databaseType(): string {
    return 'postgresql';
  }
  override id(): string {
    return this.table.id;
  }
  override properties(): BaseProperty[] {
    return this.#properties;
  }
  override property(path: string): BaseProperty | null {
    return this.#properties.find((property) => property.path() === path) ?? null;
  }

  override count(filter: Filter): Promise<number> {
    return countRows(this.#db, this.table, filtersOf(filter));
  }

  override async find(
    filter: Filter,
    options: { limit?: number; offset?: number; sort?: { sortBy?: string; direction?: 'asc' | 'desc' } },
  ): Promise<BaseRecord[]> {
    const { sort } = this.table;
    const order = {
      by: options.sort?.sortBy ?? sort.by,
      direction: options.sort?.direction ?? sort.direction,
    };
    const { limit = 20, offset = 0 } = options;
    const rows = await findRows(this.#db, this.table, filtersOf(filter), { order, limit, offset });
    return rows.map((row) => this.#record(row));
  }

  override async findOne(id: string): Promise<BaseRecord | null> {
    const row = await findRow(this.#db, this.table, id);
    return row ? this.#record(row) : null;
  }

  override async findMany(ids: (string | number)[]): Promise<BaseRecord[]> {
    const found = await Promise.all(ids.map((id) => this.findOne(String(id))));
    return found.filter((record) => record !== null);
  }

  override update(_id: string, _params: object, context: ActionContext) {
    return sendForm(context);
  }

  override create(_params: object, context: ActionContext) {
    return sendForm(context);
  }

  #record(row: Row): BaseRecord {
    const values = shownRow(this.table, row);
    for (const { name, shownAs } of this.table.columns) {
      const value = values[name];
      if (shownAs && typeof value === 'number') values[name] = shownAs.words(value);
    }
    return new BaseRecord(values, this);
  }
}

function filtersOf(filter: Filter): Filters {
  const elements = Object.values(filter.filters) as { path: string; value: FilterValue }[];
  return Object.fromEntries(elements.map(({ path, value }) => [path, value]));
}
