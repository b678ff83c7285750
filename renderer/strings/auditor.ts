import type { ComparisonView, FoundCheckpoint } from '../../core/api/views.ts'
import { formatBytes, formatCount } from '../format.ts'
import { plural } from './words.ts'

const entries = (count: number) => plural(count, 'entry', 'entries')

type Texts = Record<ComparisonView['verdict'], (found: ComparisonView) => string>

const isUnsigned = ({ trust }: FoundCheckpoint) => trust === 'failed' || trust === 'unsigned'

/** Which of two it is not: "The first is not". */
function subject({ first, second }: ComparisonView, isSo: (checkpoint: FoundCheckpoint) => boolean): string {
  if (isSo(first) && isSo(second)) return 'Neither is'
  return isSo(first) ? 'The first is not' : 'The second is not'
}

export const auditor = {
  log: {
    title: 'Log',
    lead: 'Every entry since the first. Nothing is ever changed or removed.',
    columns: { index: 'Entry', time: 'Time', type: 'Type', what: 'What happened', amount: 'Amount' },
    amountHint: 'The gross of the payment, or the largest posting',
    list: 'Entries, the newest first',
    byAccount: 'Account',
    byType: 'Type',
    since: 'From this day on',
    until: 'Up to this day',
    least: 'At least',
    most: 'At most',
    days: { since: 'from', until: 'up to' },
    bounds: { least: 'at least', most: 'at most' },
    anyAccount: 'All accounts',
    anyType: 'All types',
    jump: 'Go to entry',
    none: 'No entry fits',
    noneText: 'Clear the filters to see all of them.',
    clear: 'Clear the filters',
    shown: (shown: number) => plural(shown, 'entry', 'entries'),
    bounded: (shown: number) => `the newest ${formatCount(shown)}; older ones by their number`,
    entry: (index: number) => `Entry ${formatCount(index)}`,
    older: 'Older',
    newer: 'Newer',
    postings: 'Postings',
    noPostings: 'It moves no credits.',
    book: 'Book',
    amount: 'Amount',
    after: 'After',
    proof: 'Proof',
    raw: 'Signed note',
    rawHint: 'The text, an empty line, and the signatures over the text: ready for any C2SP note verifier.',
    signatures: 'Signatures',
    key: 'Key',
    firstKey: 'The account’s first key',
    revoked: 'revoked since',
    maySign: 'May sign',
    publicKey: 'Public key',
    signature: 'Signature',
    receipt: 'Download the receipt',
    receiptHint: 'A .tlog-proof with the entry in it: nimledger check and any tlog-proof verifier read it.',
    bytes: (bytes: number) => `Save the ${plural(bytes, 'byte')}`,
    bytesHint: 'The entry as it lies in the log: the time, a line break, and the signed note.',
    signer: 'Signer',
    created: 'What it made',
    id: 'Transaction id',
    time: 'Accepted',
    type: 'Type',
    lines: (charged: number, duplicates: number, refused: number) =>
      `${plural(charged, 'call')} charged · ${duplicates} duplicate · ${refused} refused`,
    metered: 'Metered calls',
  },

  proof: {
    running: 'Checking',
    verified: 'Verified in this page',
    verifiedText:
      'Your browser checked bytes, signatures and path itself. What the entry moved follows from the rules: Verify replays them.',
    failed: 'This does not verify',
    failedText: 'What was answered is not what the log’s key signed. Do not rely on it, and keep a copy of what you see.',
    steps: {
      verifier: 'The verifier of this page gives all known answers',
      answer: 'Time, type, signer and text above are those of the bytes',
      leaf: 'The leaf’s hash is computed of the entry’s bytes',
      checkpoint: 'The checkpoint is signed by the log’s key',
      path: (hashes: number) => `${plural(hashes, 'hash', 'hashes')} lead from the leaf to the signed root`,
      signatures: (count: number) => `${plural(count, 'signature')} over the note ${count === 1 ? 'verifies' : 'verify'}`,
    },
    leaf: 'Leaf',
    root: 'Root',
    range: (start: number, end: number) =>
      end === start + 1 ? `entry ${formatCount(start)}` : `entries ${formatCount(start)} – ${formatCount(end - 1)}`,
    logKey: 'Key of the log',
    treeSize: 'Tree size',
    hashes: 'The hashes, one by one',
    not: (fault: string) => `No: ${fault}.`,
  },

  receiptCheck: {
    title: 'Check a receipt',
    lead: 'Drop a .tlog-proof file here that somebody gave you. This page checks it against the key of the log.',
    choose: 'Choose a receipt',
    none: 'This is no receipt of an entry',
    balance: 'it proves a balance, which nimledger check reads',
    earlierKey: 'It is signed under an earlier key of the log',
    foreign: 'The receipt is not of this ledger’s history',
    foreignText: (size: number) =>
      `Its checkpoint covers ${entries(size)} with another root than as many entries have here. Keep the receipt.`,
  },

  compare: {
    title: 'Compare two checkpoints',
    lead:
      'Whether two signed checkpoints can be of one log: this ledger’s own tree decides. ' +
      'Paste them, or drop files: a checkpoint, a receipt, or evidence.',
    sides: { first: 'First', second: 'Second' },
    hints: {
      first: 'For instance what a hub shows under /checkpoint.',
      second: 'Leave it empty to compare with this ledger as it is now.',
    },
    choose: { first: 'Choose a file for the first', second: 'Choose a file for the second' },
    placeholder: 'ledger.example/credits\n1234\n…',
    furtherKeys: 'Keys of other logs and witnesses',
    vkeys: 'Further keys',
    vkeysHint: 'A vkey a line. The keys of this log, now and earlier, are known already.',
    compare: 'Compare',
    titles: {
      same: () => 'It is one tree',
      extends: () => 'Both are of this log',
      contradict: () => 'They contradict each other: two histories',
      foreign: (found) => `${subject(found, ({ standing }) => standing === 'other')} of this log`,
      unsigned: (found) => `${subject(found, isUnsigned)} signed by the log`,
      different_logs: () => 'They are of different logs',
      unknown: () => 'It cannot be told from here',
    } satisfies Texts,
    texts: {
      same: ({ first: { size, standing } }) =>
        `Both name the same root for ${entries(size)}.${standing === 'same' ? ' This ledger has it, too.' : ''}`,
      extends: ({ first, second, path }) =>
        `${first.size < second.size ? 'The second' : 'The first'} has ${entries(Math.abs(second.size - first.size))} more ` +
        `and begins with the other: ${plural(path?.length ?? 0, 'hash', 'hashes')} from the tree here prove it.`,
      contradict: () =>
        'No log can have both trees, yet both are signed with its key. This is evidence: save it, and show it to others.',
      foreign: ({ evidence }) =>
        `As many entries have another root here.${evidence ? ' The log’s key signed both: evidence of two histories.' : ''}`,
      unsigned: () =>
        'Nothing follows from a checkpoint that its log did not sign. If you have a key of it from elsewhere, give that too.',
      different_logs: () => 'Trees of different logs have nothing to do with each other.',
      unknown: ({ first, second, size }) =>
        first.standing === 'another_log'
          ? 'They are of another log, whose tree is not here. The console of a mirror of that log can tell.'
          : `One covers ${entries(Math.max(first.size, second.size))}, and there are ${formatCount(size)} here. Once this ` +
            'ledger has as many, it can be told.',
    } satisfies Texts,
    froms: {
      own: 'this ledger, now',
      checkpoint: 'a checkpoint',
      proof: 'the checkpoint of a receipt or proof',
      evidence: 'a checkpoint in evidence',
    },
    log: 'Log',
    size: 'Entries',
    root: 'Root',
    last: 'Last entry',
    standings: {
      same: (size: number) => (size === 0 ? 'Every log begins with it' : `The root of the first ${entries(size)} here`),
      other: (size: number) => `Not the root of the first ${entries(size)} here`,
      larger: (_size: number, here: number) => `More than the ${entries(here)} here`,
      another_log: () => 'Another log than this one',
    },
    outOfForce: 'Signed only with a key that was not the log’s at this size. Whoever has that key can have signed it.',
    nobodyKnown: 'No key of the log that is known here signed it',
    fails: 'Does not verify:',
    by: {
      log: 'Key of the log',
      earlier: 'Earlier key of the log',
      later: 'Later key of the log',
      given: 'Key that you gave',
      witness: 'Witness',
      unknown: 'Unknown key',
    },
    saw: 'saw it',
    inForceFrom: 'since entry',
    replacedIn: 'until entry',
    besideUntil: 'and beside the next key until',
    path: 'The proof, hash by hash',
    saveEvidence: 'Save the evidence',
    checkHint: 'Whoever gets the file checks it with this command, and with the log’s key from elsewhere.',
    command: 'The command that checks the evidence',
    copyCommand: 'Copy the command',
  },

  exports: {
    title: 'Exports',
    command: 'Export the log',
    lead: 'The whole log for other programs, as it is now. It is made beside everything else, and saved as a file.',
    formats: {
      tiles: {
        name: 'Tiles',
        text: 'A .tar of the log as any web server carries it; nimledger verify audits the unpacked folder.',
      },
      jsonl: { name: 'JSON Lines', text: 'An entry a line, with its body and the signed note.' },
      csv: { name: 'CSV', text: 'A posting a line, for spreadsheets.' },
      hledger: { name: 'hledger', text: 'A journal that asserts every balance.' },
      beancount: { name: 'beancount', text: 'A journal that asserts the balances of every day.' },
    },
    save: 'Save',
    saved: (name: string) => `${name} is saved.`,
    progress: 'How much is exported',
    beginning: 'It begins',
    underWay: {
      making: (done: number, total: number) => `${formatCount(done)} of ${entries(total)} written`,
      fetching: (done: number, total: number) => `${formatBytes(done)} of ${formatBytes(total)} fetched`,
    },
  },

  verify: {
    title: 'Verify',
    lead: 'Replays the whole log by the same rules: every signature, every posting, every balance, and the tree.',
    start: 'Verify everything',
    again: 'Verify again',
    stop: 'Stop',
    ready: 'Nothing is trusted but the log’s key',
    readyText:
      'Every balance is derived again from the signed entries and compared with what is stored. A changed byte is named.',
    progress: 'Entries checked',
    of: (done: number, total: number) => `${formatCount(done)} of ${formatCount(total)} entries`,
    rate: (perSecond: number) => `${formatCount(perSecond)} entries a second`,
    left: (seconds: number) =>
      seconds < 60
        ? `about ${plural(Math.max(1, seconds), 'second')} left`
        : `about ${plural(Math.round(seconds / 60), 'minute')} left`,
    ok: 'The log is sound',
    okText: (entries: number, signatures: number, seconds: string) =>
      `${plural(entries, 'entry', 'entries')} and ${plural(signatures, 'signature')} checked in ${seconds} s. All agree.`,
    bad: 'The audit found a defect',
    badText: 'Stop relying on this ledger until it is explained. The first defect:',
    root: 'Root',
    size: 'Tree size',
    key: 'Key of the log',
    unsigned: 'Not yet covered by a checkpoint',
    defect: (index: number) => `entry ${formatCount(index)}`,
  },
}
