import { checkStore, makeStorePlace } from '../../app/store-check.ts';
import { parseStoreLocation } from '../../app/store-location.ts';
import { command } from '../command.ts';
import { checkJson, checkText, isUsable } from './describe-check.ts';

export default command({
  summary: 'Make a store, a directory or a bucket, and see that it can be relied upon',
  description:
    'Makes the directory or bucket where it is missing, tries it out as "mic store check" does, and tells how to use it. What\nis there already stays as it is. Credentials come from where programs of AWS find them (environment, profile, role) and\nnever stand in the URL: s3://BUCKET/PREFIX?endpoint=URL&region=NAME&profile=NAME&pathStyle=true, all but the bucket optional.',
  arguments: [{ name: '<location>', description: 'a directory or an s3:// URL' }],
  options: {},
  examples: [
    ['mic store init s3://code', 'A bucket of AWS, in the region that AWS_REGION names'],
    ['mic store init "s3://code/micelio?endpoint=https://s3.example.org"', 'A part of a bucket elsewhere'],
  ],
  async run({ configuration: { tiers }, directory, requests }, [location = '']) {
    const store = parseStoreLocation(location, directory);
    const place = await makeStorePlace(store, requests);
    const findings = await checkStore({ store, tiers, requests });
    const usable = isUsable(findings);
    const configuration = { store };
    const use = [
      '',
      'To use it from this shell:',
      `  export MICELIO_STORE='${store}'`,
      'To use it always, in micelio/config.json of $XDG_CONFIG_HOME (or ~/.config):',
      `  ${JSON.stringify(configuration)}`,
    ];
    return {
      json: { ...checkJson(store, findings), made: place === 'made', configuration },
      text: [checkText(store, findings), ...(usable ? use : [])].join('\n'),
      exit: usable ? 'ok' : 'refused',
    };
  },
});
