import type { AcuityField, AcuityForm } from '../../../src/ports/acuity.ts';

export function aField(change: Partial<AcuityField> = {}): AcuityField {
  return { id: 9301, name: 'Which body part?', required: false, type: 'textbox', options: [], ...change };
}

export function aForm(change: Partial<AcuityForm> = {}): AcuityForm {
  return {
    id: 601,
    name: 'Before the examination',
    description: null,
    isInternal: false,
    appointmentTypeIds: [8001],
    fields: [aField()],
    ...change,
  };
}
