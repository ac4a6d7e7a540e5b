// Configures AdminJS. Loaded at the first request to the console: it takes a second and a hundred megabytes.
import { buildRouter } from '@adminjs/express';
import {
  AdminJS,
  Router as adminRoutes,
  type ActionContext,
  type CurrentAdmin,
  type LayoutElement,
  type ResourceOptions,
} from 'adminjs';
import { roleNames, type Actor, type Role } from '../accounts/index.ts';
import type { Database } from '../db/knex.ts';
import { readSchema, type Schema } from './schema.ts';
import { formHandler, formProperty } from './action-form.ts';
import { actionButtons, closed, isOffered, type ActionButton } from './actions.ts';
import { bulkActionsOf } from './bulk.ts';
import { pagesBeside } from './dashboard.ts';
import { columnsIn, linkKey, isFor, type Column, type Table } from './table.ts';
import { handOver, TableResource, type Checked } from './table.resource.ts';
import { tableOf, tables } from './tables.ts';

/** What AdminJS writes about the viewer into a script, unescaped: characters that could end the script are removed. */
export function currentAdminOf(
  { userId: id, role, email, name }: Actor['viewer'],
  checked: Checked,
): CurrentAdmin {
  const plain = (text: string): string => text.replace(/[<>&\u2028\u2029]/g, '');
  return handOver({ id, role, title: roleNames[role], email: plain(email), name: plain(name) }, checked);
}

/** The files of AdminJS: those that its page loads, and others that it does not use. */
export const bundles = adminRoutes.assets;

/** The schema of the console's tables, as @adminjs/sql reads it. */
export const readConsoleSchema = (db: Database): Promise<Schema> => readSchema(db, tables);

/**
 * The routes of a role's console, without authentication. It has only the lists that the role may read, and reads the viewer
 * (`currentAdminOf`) from `req.session.adminUser`.
 *
 * @param assetUrl from the path of a file of public/
 */
export function buildConsole(
  db: Database,
  schema: Schema,
  role: Role,
  assetUrl: (name: string) => string,
): ReturnType<typeof buildRouter> {
  const admin = new AdminJS({
    rootPath: '/admin',
    loginPath: '/sign-in',
    logoutPath: '/sign-out',
    resources: tables
      .filter((table) => isFor(role, table))
      .map((table) => ({ resource: new TableResource(db, table, schema), options: optionsOf(table, role) })),
    dashboard: { component: 'ConsoleDashboard' },
    branding: {
      companyName: 'Examdesk',
      logo: assetUrl('/img/mark.svg'),
      favicon: assetUrl('/img/mark.svg'),
      withMadeWithLove: false,
      theme,
    },
    version: { admin: false },
    assets: {
      styles: [assetUrl('/css/console.css')],
      scripts: ['/js/time-zone.js', '/js/console-session.js', '/js/console-access.js'].map(assetUrl),
    },
    locale: { language: 'en', availableLanguages: ['en'], translations: { en: translations() } },
    settings: { defaultPerPage: 20 },
  });
  // AdminJS would bundle our components in production and write them to the disk. They need no bundling.
  admin.initialize = () => Promise.resolve();
  // No body reaches AdminJS's parser. The limits are set so low that none could do harm.
  return buildRouter(admin, null, { maxFileSize: 1, maxFieldsSize: 1, maxFields: 1 });
}

/**
 * Colours that AdminJS mixes with others need a value here. All others are the portal's variables (tokens.css), which have a
 * value for each colour scheme. `looks.css` overrides what has a value here.
 */
const theme = {
  colors: {
    primary100: '#7a5c46',
    primary80: '#8b6d57',
    primary60: '#a2826c',
    primary40: '#d9c8ba',
    primary20: 'var(--bronze-wash)',
    accent: '#7a5c46',
    love: '#a4262c',
    bg: 'var(--paper)',
    container: 'var(--surface)',
    sidebar: 'var(--surface)',
    filterBg: 'var(--surface)',
    highlight: 'var(--surface-sunk)',
    // AdminJS's own greys are too pale to read.
    grey60: 'var(--muted)',
    grey40: 'var(--muted)',
  },
  borders: { default: '1px solid var(--line)', filterInput: '1px solid var(--edge)' },
  sizes: { sidebarWidth: '216px' },
  // From the last width on the sidebar stays open. The style sheets use the same widths.
  breakpoints: ['577px', '769px', '1024px', '1200px'],
};

const notHere = 'There is nothing here that you can see.';

/** The words of lists and actions, in place of AdminJS's, which show identifiers. */
const messages = {
  anyForbiddenError: 'Your role does not allow this.',
  forbiddenError: 'Your role does not allow this.',
  errorFetchingRecord: 'We can’t show this record. Reload the page.',
  errorFetchingRecords: 'We can’t show these records. Reload the page.',
  error404Resource: notHere,
  error404Action: notHere,
  error404Record: notHere,
  pageNotFound_title: 'Not found',
  pageNotFound_subtitle: notHere,
  seeConsoleForMore: 'Reload the page. If it happens again, contact the people who run Examdesk.',
};

function translations() {
  const labels: Record<string, string> = {};
  const resources: Record<string, Record<string, object>> = {};
  for (const { id, label, singular, columns } of tables) {
    const buttons = actionButtons.filter(({ table }) => table === id);
    const properties = columns.map((column) => [column.name, column.label]);
    const actions = buttons.map(({ name, label: shown }) => [name, shown] as const);
    labels[id] = label;
    resources[id] = {
      properties: Object.fromEntries(properties),
      actions: { list: label, show: singular, ...Object.fromEntries(actions) },
    };
    for (const [name, save] of actions) resources[wordsOf(id, name)] = { buttons: { save } };
  }
  return { labels, messages, resources };
}

/** The key under which a form's button finds its words. AdminJS would label every button Save. */
const wordsOf = (table: string, action: string): string => `${table}/${action}`;

const never = { isAccessible: false, isVisible: false };

function propertyOf({ name, type, isFacts, to, zone, lists, words }: Column, table: Table) {
  return {
    // On a narrow screen AdminJS's list shows the title alone.
    isTitle: name === table.title && !to,
    custom: { type: isFacts ? 'facts' : type, zone, lists, to: to && linkKey(name) },
    components: { show: 'ConsoleValue', list: 'ConsoleValue' },
    availableValues: words && Object.entries(words).map(([value, label]) => ({ value, label })),
  };
}

/** The lists below a record: those that the role may read, without the column that names the record itself. */
function relatedOf({ id, related = [] }: Table, role: Role) {
  return related.flatMap(({ table, by, holds = 'id' }) => {
    const other = tableOf(table);
    if (!other || !isFor(role, other)) return [];
    const without = other.columns.filter(({ to }) => to?.startsWith(`'${id}/'`)).map(({ name }) => name);
    return [{ table, by, holds, without }];
  });
}

/** The columns of a record by their headings, each once. */
function layoutOf({ headings }: Table, names: string[]): LayoutElement[] | undefined {
  if (!headings) return undefined;
  const others = names.filter((name) => !Object.values(headings).flat().includes(name));
  const parts = Object.entries({ ...headings, Record: others });
  return parts.flatMap(([heading, under]) => [['@H2', { children: heading }], [...under]]);
}

function optionsOf(table: Table, role: Role): ResourceOptions {
  const names = (where: 'list' | 'record') => columnsIn(table, where).map(({ name }) => name);
  const buttons = actionButtons.filter((button) => button.table === table.id && isFor(role, button));
  return {
    navigation: { name: table.group },
    titleProperty: table.title,
    sort: { sortBy: table.sort.by, direction: table.sort.direction },
    listProperties: names('list'),
    showProperties: names('record'),
    // One property stands for all fields, because which fields there are depends on the record and on Acuity.
    editProperties: [formProperty],
    properties: {
      ...Object.fromEntries(table.columns.map((column) => [column.name, propertyOf(column, table)])),
      [formProperty]: { components: { edit: 'ConsoleFields' } },
    },
    actions: {
      // AdminJS shows no filters; they are in the list's head.
      list: {
        showFilter: false,
        custom: {
          bulk: bulkActionsOf(table, role),
          pages: pagesBeside(table, role),
          whenEmpty: table.whenEmpty,
        },
      },
      show: { layout: layoutOf(table, names('record')), custom: { related: relatedOf(table, role) } },
      ...Object.fromEntries(closed.map((name) => [name, never])),
      ...Object.fromEntries(buttons.map((button) => [button.name, actionOptions(button)])),
    },
  };
}

function actionOptions(button: ActionButton) {
  const isAccessible = ({ record, currentAdmin }: ActionContext): boolean =>
    !record || isOffered(button, record.params, currentAdmin?.id);
  const { table, name, kind, icon, href } = button;
  if (name === 'edit' || name === 'new') return { isAccessible, custom: {}, handler: formHandler(button) };
  return {
    actionType: kind,
    icon,
    isAccessible,
    component: 'ConsoleForm',
    // http/console opens the pages of the portal, before AdminJS is called.
    custom: { words: wordsOf(table, name), isPage: href !== undefined },
    handler: formHandler(button),
  };
}
