import { test } from 'node:test';
import { describeMounted } from './mounted.ts';
import { stressCommand, stressors } from './stressors.ts';

describeMounted('stress-ng', { programs: ['stress-ng'] }, (mounted) => {
  for (const [stressor, operations] of Object.entries(stressors)) {
    test(stressor, async () => {
      await mounted().sh(stressCommand(stressor, operations));
    });
  }
});
