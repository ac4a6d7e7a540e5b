import { expect } from 'chai';
import { openTestDatabase } from '../support/database.ts';

describe('the database of the tests', () => {
  it('gives each caller a migrated database of its own', async () => {
    const [one, two] = await Promise.all([openTestDatabase(), openTestDatabase()]);
    try {
      await one
        .db('organizations')
        .insert({ name: 'Harbour Legal', slug: 'harbour-legal', created_at: new Date() });
      expect(await one.db('organizations').select('slug')).to.deep.equal([{ slug: 'harbour-legal' }]);
      expect(await two.db('organizations').select('slug')).to.deep.equal([]);
    } finally {
      await Promise.all([one.close(), two.close()]);
    }
  });
});
