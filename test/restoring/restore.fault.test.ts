import { describeRestoreDrill } from '../support/restore-drill.ts';

describeRestoreDrill(24);
