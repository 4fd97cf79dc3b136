import { test } from 'node:test';
import { describeMounted } from './mounted.ts';
import { stressCommand, stressors } from './stressors.ts';

describeMounted('stress-ng', { programs: ['stress-ng'] }, (mounted) => {
  for (const [subject, names] of Object.entries(stressors)) {
    test(subject, async () => {
      await mounted().sh(stressCommand(names, 4));
    });
  }

  test('leaves nothing behind', async () => {
    await mounted().sh('test $(find .. -type f | wc -l) = 0');
  });
});
