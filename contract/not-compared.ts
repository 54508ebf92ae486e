/** What a replay does not hold an answer to, with the reason of each. There is no other place where something is let pass. */

const recordedMachine = 'belongs to the machine of the recording';
const unnamed = "a name that the fixtures' README does not ask of a world";
const vlan = 'the VLAN that the server took for a network';
const date = 'a date: time of the recording; its form is compared';
const chance = 'chance: the fixtures name hosts and instances as not to be compared';
const DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4}$/;

interface UncomparedField {
  readonly reason: string;
  /** what the value must look like all the same, where the recorded one does */
  readonly form?: RegExp;
}

/** Fields of which only presence and kind of value are compared, and, where there is one, the form. */
export const uncomparedFields: Readonly<Record<string, UncomparedField>> = {
  created: { reason: date, form: DATE },
  attached: { reason: date, form: DATE },
  completed: { reason: date, form: DATE },
  lastupdated: { reason: date, form: DATE },
  removed: { reason: date, form: DATE },
  expires: { reason: date, form: DATE },
  hostname: { reason: chance },
  hostid: { reason: 'chance: which host of the cluster a VM runs on' },
  macaddress: { reason: chance, form: /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/ },
  email: { reason: recordedMachine },
  dns1: { reason: recordedMachine },
  internaldns1: { reason: recordedMachine },
  managementservername: { reason: recordedMachine },
  url: { reason: recordedMachine },
  storage: { reason: unnamed },
  clustername: { reason: unnamed },
  podname: { reason: unnamed },
  vlan: { reason: vlan, form: /^\d+$/ },
  broadcasturi: { reason: vlan, form: /^vlan:\/\/\d+$/ },
  isolationuri: { reason: vlan, form: /^vlan:\/\/\d+$/ },
  datastore: { reason: recordedMachine },
  gputotal: {
    reason: 'differs between recordings of one server (0, 40): a count that its hosts report in their own time',
  },
  volumetotal: { reason: 'counts what earlier recordings left behind in the account' },
  primarystoragetotal: { reason: 'counts what earlier recordings left behind in the account' },
  serviceofferingid: { reason: 'an internal number in the listing of a root volume, a uuid elsewhere' },
};

/** Numbers and names inside texts that are the server's own. The number is any number; what stands around it is compared. */
export const uncomparedTexts: readonly { readonly pattern: RegExp; readonly like: string; readonly reason: string }[] =
  [
    {
      pattern: /(?<="(?!device)\w*[iI]d":)\d+/g,
      like: '\\d+',
      reason: 'internal number of a row in a text: {"id":42,"instanceId":3}',
    },
    {
      pattern: /(?<=\b(?!device)\w*[iI][dD] ?[=:] ?\[?|\b[iI][dD] \[?)\d+\b/g,
      like: '\\d+',
      reason: 'internal number of a row in a text: job id=86, id [6], ID: 7',
    },
    {
      pattern: /(?<=\bi-)\d+-\d+(?=-VM\b)/g,
      like: '\\d+-\\d+',
      reason: 'internal name of an instance, of the numbers of its account and its own: i-2-7-VM',
    },
    { pattern: /(?<=\b[rsv]-)\d+(?=-VM\b)/g, like: '\\d+', reason: 'internal name of a system VM: r-4-VM' },
    {
      pattern: /(?<=(?:\b|_)(?:ROOT|DATA)-)\d+/g,
      like: '\\d+',
      reason: 'name of a volume that is made of an internal number: ROOT-7',
    },
    {
      pattern: /(?<=_)\d{14}\b/g,
      like: '\\d{14}',
      reason: 'time in the name of a snapshot that was given none: appliance-a_ROOT-3_20261122155400',
    },
    { pattern: /(?<=@)[0-9a-f]{5,8}\b/g, like: '[0-9a-f]+', reason: "address of a Java object in the mock's own text" },
    {
      pattern: /(?<=retry after \[)\d+(?=\] ms)/g,
      like: '\\d+',
      reason: 'time until the request limit lets one through',
    },
  ];

/** What else is let pass, for the reader: the code beside each name says how. */
export const uncomparedCircumstances: readonly { readonly what: string; readonly reason: string }[] = [
  {
    what: 'whether a pending answer is seen at all',
    reason: 'chance; one that comes is compared with the recorded one',
  },
  {
    what: 'which of two requests wins that were sent at once for one volume',
    reason: 'chance; the one that won in the recording is sent first',
  },
  { what: 'how long a step or a job takes', reason: 'time' },
  {
    what: 'the order of rows with equal dates, or with none',
    reason: 'chance; rows with different dates are compared in order',
  },
  {
    what: 'the value of a uuid',
    reason: 'each server has its own; that equal ones are equal and different ones differ is compared',
  },
  {
    what: 'a listing asked while a job runs, until it agrees or time is up',
    reason: 'the recorded client met one moment of the job; the replay waits for that moment',
  },
  {
    what: 'the end of a job whose beginning was not recorded',
    reason: 'clean-up is mostly not recorded: there is nothing to ask about',
  },
];
