// Configures AdminJS. Loaded at the first request to the console: it takes a second and a hundred megabytes.
import path from 'node:path';
import { buildRouter } from '@adminjs/express';
import {
  AdminJS,
  ComponentLoader,
  Router as adminRoutes,
  type ActionContext,
  type ActionRequest,
  type CurrentAdmin,
  type ResourceOptions,
} from 'adminjs';
import { roleNames, type Role } from '../accounts/index.ts';
import type { Database } from '../db/knex.ts';
import { readSchema, type Schema } from './schema.ts';
import { afterForm, formHandler, formProperty } from './action-form.ts';
import { actionButtons, isEditing, mayDo, type ActionButton } from './actions.ts';
import { bulkActionsOf } from './bulk.ts';
import { sentenceCase } from './columns.ts';
import { linkKey, mayRead, searchBoxOf, type Column, type Table } from './table.ts';
import { TableResource } from './table.resource.ts';
import { tableOf, tables } from './tables.ts';

export { giveForm } from './action-form.ts';

const componentsFile = path.resolve(import.meta.dirname, '../../public/js/console/1-ask.js');

/** What AdminJS writes into the page's script about the viewer. It does not escape, so characters that could end the script go. */
export function currentAdminOf(viewer: {
  userId: string;
  name: string;
  email: string;
  role: Role;
}): CurrentAdmin {
  const plain = (text: string): string => text.replace(/[<>&\u2028\u2029]/g, '');
  const { userId: id, role } = viewer;
  return { id, role, title: roleNames[role], email: plain(viewer.email), name: plain(viewer.name) };
}

const roleOf = (context: Pick<ActionContext, 'currentAdmin'>): Role =>
  (context.currentAdmin as { role?: Role } | undefined)?.role ?? 'referrer';

/** The files of AdminJS that its page loads, and others that it does not. */
export const bundles = adminRoutes.assets;

/** What @adminjs/sql knows of the tables of the console. */
export const readConsoleSchema = (db: Database): Promise<Schema> => readSchema(db, tables);

/**
 * The routes of a role's console, without authentication: it does not know the lists that the role may not read. Reads
 * the viewer (`currentAdminOf`) from `req.session.adminUser`.
 *
 * @param assetUrl from the path of a file of public/
 */
export function buildConsole(
  db: Database,
  schema: Schema,
  role: Role,
  assetUrl: (name: string) => string,
): ReturnType<typeof buildRouter> {
  const admin = createAdmin(db, schema, role, assetUrl);
  // It would bundle our components in production, and write them to the disk; they need no bundling.
  admin.initialize = () => Promise.resolve();
  // No body reaches it; the limits are so that none could matter.
  return buildRouter(admin, null, { maxFileSize: 1, maxFieldsSize: 1, maxFields: 1 });
}

function createAdmin(db: Database, schema: Schema, role: Role, assetUrl: (name: string) => string): AdminJS {
  const readable = tables.filter((table) => mayRead(role, table));
  const componentLoader = new ComponentLoader();
  // AdminJS wants a file for each component. The browser gets our files as they are; nothing is bundled.
  const component = (name: string): string => componentLoader.add(name, componentsFile);
  const parts = {
    dashboard: component('ConsoleDashboard'),
    fields: component('ConsoleFields'),
    form: component('ConsoleForm'),
    leave: component('ConsoleLeave'),
    json: component('ConsoleJson'),
    link: component('ConsoleLink'),
    count: component('ConsoleCount'),
    text: component('ConsoleText'),
    title: component('ConsoleTitle'),
    when: component('ConsoleWhen'),
    word: component('ConsoleWord'),
  };
  return new AdminJS({
    rootPath: '/admin',
    loginPath: '/sign-in',
    logoutPath: '/sign-out',
    componentLoader,
    resources: readable.map((table) => ({
      resource: new TableResource(db, table, schema),
      options: optionsOf(table, role, parts),
    })),
    dashboard: { component: parts.dashboard },
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
    locale: {
      language: 'en',
      availableLanguages: ['en'],
      translations: { en: { labels: labels(), messages, ...translations() } },
    },
    settings: { defaultPerPage: 20 },
  });
}

/**
 * Where AdminJS mixes a colour with another, it needs a value; the others are the portal's (tokens.css), in both colour
 * schemes. `looks.css` covers what has a value.
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
  // The sidebar stays open from the last width on; the stylesheets use the same widths.
  breakpoints: ['577px', '769px', '1024px', '1200px'],
};

const notHere = 'There is nothing here that you can see.';

/** In place of AdminJS's own, which name tables and actions by their code. */
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

function labels(): Record<string, string> {
  return Object.fromEntries(tables.map(({ id, label }) => [id, label]));
}

function translations() {
  const resources = tables.map((table) => [
    table.id,
    {
      properties: Object.fromEntries(
        table.columns.map(({ name, label }) => [name, label ?? asWords(name)] as const),
      ),
      actions: {
        list: table.label,
        show: table.singular,
        ...Object.fromEntries(
          actionButtons.filter((button) => button.table === table.id).map(({ name, label }) => [name, label]),
        ),
      },
    },
  ]);
  const buttons = actionButtons.map(({ table, name, label }) => [
    wordsOf(table, name),
    { buttons: { save: label } },
  ]);
  return {
    resources: Object.fromEntries([...resources, ...buttons]) as Record<string, Record<string, object>>,
  };
}

const wordsOf = (table: string, action: string): string => `${table}/${action}`;

/** `startsAt` as `Starts at`. */
function asWords(name: string): string {
  return sentenceCase(name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`));
}

const icons = { Work: 'Briefcase', People: 'Users', Integrations: 'Repeat', Oversight: 'Shield' };
const never = { isAccessible: false, isVisible: false };

/** Lists that support may not read: names of their records are shown without a link. */
const forAdmins = tables.filter(({ who }) => who === 'admin').map(({ id }) => id);

type Parts = Record<
  'fields' | 'form' | 'leave' | 'json' | 'link' | 'count' | 'text' | 'title' | 'when' | 'word',
  string
>;

function propertyOf(column: Column, table: Table, parts: Parts) {
  const { name, type, to, zone, lists, words, shownAs, isHealth = false } = column;
  const isTitle = name === table.title && !to;
  const custom = {
    type,
    isHealth,
    zone: zone ?? null,
    lists: lists ?? null,
    unit: shownAs?.unit ?? null,
    to: to ? linkKey(name) : null,
    forAdmins,
  };
  // On a narrow screen AdminJS's list shows the title alone.
  const components = componentsOf(column, isTitle, parts);
  if (!words) return { isTitle, custom, components };
  const availableValues = Object.entries(words).map(([value, label]) => ({ value, label }));
  return { isTitle, custom, components, availableValues };
}

function componentsOf({ type, to, lists }: Column, isTitle: boolean, parts: Parts) {
  if (type === 'json') return { show: parts.json };
  if (to) return { show: parts.link, list: parts.link };
  if (lists) return { show: parts.count, list: parts.count };
  const value = type === 'datetime' ? parts.when : type === 'enum' ? parts.word : null;
  return {
    ...(value ? { show: value, list: value } : { show: parts.text }),
    ...(isTitle && { list: parts.title }),
  };
}

/** What is listed below a record: without lists that the role may not read, and in them without the record's own name. */
function relatedOf({ id, related = [] }: Table, role: Role) {
  return related.flatMap(({ table, by, holds = 'id' }) => {
    const other = tableOf(table);
    if (!other || !mayRead(role, other)) return [];
    const without = other.columns.filter(({ to }) => to?.startsWith(`'${id}/'`)).map(({ name }) => name);
    return [{ table, by, holds, without }];
  });
}

function optionsOf(table: Table, role: Role, parts: Parts): ResourceOptions {
  const isAccessible = (context: ActionContext): boolean => mayRead(roleOf(context), table);
  const names = (where: 'list' | 'record' | 'filter'): string[] =>
    table.columns
      .filter(
        ({ shown = 'everywhere' }) => shown === 'everywhere' || (where !== 'list' && shown === 'record'),
      )
      .map(({ name }) => name)
      // The id comes last.
      .toSorted((a, b) => Number(a === 'id') - Number(b === 'id'));
  const buttons = actionButtons.filter((button) => button.table === table.id);
  return {
    navigation: { name: table.group, icon: icons[table.group] },
    titleProperty: table.title,
    sort: { sortBy: table.sort.by, direction: table.sort.direction },
    listProperties: names('list'),
    showProperties: names('record'),
    filterProperties: names('filter'),
    // One for all fields: which they are depends on the record, and on what Acuity offers.
    editProperties: [formProperty],
    properties: {
      ...Object.fromEntries(table.columns.map((column) => [column.name, propertyOf(column, table, parts)])),
      [formProperty]: { components: { edit: parts.fields } },
    },
    actions: {
      list: { isAccessible, custom: { search: searchBoxOf(table).hint, bulk: bulkActionsOf(table, role) } },
      show: { isAccessible, custom: { related: relatedOf(table, role) } },
      // Closed unless the table has such a button: what writes, and AdminJS's search beside the list.
      new: never,
      edit: never,
      delete: never,
      bulkDelete: never,
      search: never,
      ...Object.fromEntries(buttons.map((button) => [button.name, actionOptions(button, table, parts)])),
    },
  };
}

function actionOptions(button: ActionButton, table: Table, parts: Parts) {
  const isAccessible = (context: ActionContext): boolean => {
    if (!mayRead(roleOf(context), table) || !mayDo(roleOf(context), button)) return false;
    const { record, currentAdmin } = context;
    return !record || (button.isOffered?.(record.params, currentAdmin?.id) ?? true);
  };
  const { name, kind, icon, href } = button;
  if (isEditing(button)) return { isAccessible, custom: {}, after: afterForm(button) };
  const action = { actionType: kind, icon, isAccessible };
  if (href === undefined)
    return {
      ...action,
      component: parts.form,
      // Where its button finds its words: AdminJS's form calls every button Save.
      custom: { words: wordsOf(table.id, name) },
      handler: formHandler(button),
      after: afterForm(button),
    };
  return {
    ...action,
    component: parts.leave,
    custom: { href },
    // Only opens the page.
    handler: (_request: ActionRequest, _response: unknown, context: ActionContext) =>
      context.record ? { record: context.record.toJSON(context.currentAdmin) } : {},
  };
}
