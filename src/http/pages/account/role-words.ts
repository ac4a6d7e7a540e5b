export const roleWords = { referrer: 'Referrer', support: 'Support', admin: 'Administrator' } as const;
