import { checkStore } from '../../app/store-check.ts';
import { parseStoreLocation } from '../../app/store-location.ts';
import { command } from '../command.ts';
import { checkJson, checkText, isUsable } from './describe-check.ts';

export default command({
  summary: 'Try out whether a store can be relied upon',
  description:
    'Writes a few small objects and removes them: reading what was just written, conditional writes, races, ranges, listings,\ndeletes. Refuses a store on which the work of one could overwrite that of another.',
  arguments: [
    { name: '[location]', description: 'a directory or an s3:// URL (otherwise the store that is set)' },
  ],
  options: {},
  examples: [
    ['mic store check', 'Can the store that is set be used?'],
    ['mic store check "s3://code/micelio?endpoint=https://s3.example.org"', 'Can this one?'],
  ],
  async run({ configuration: { store: configured, tiers }, directory, requests }, [location]) {
    const store = location === undefined ? configured : parseStoreLocation(location, directory);
    const findings = await checkStore({ store, tiers, requests });
    return {
      json: checkJson(store, findings),
      text: checkText(store, findings),
      exit: isUsable(findings) ? 'ok' : 'refused',
    };
  },
});
