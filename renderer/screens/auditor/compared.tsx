/** What two checkpoints came to: the verdict, the evidence, and each of them with whoever signed it. */
import { Button, Stack, Text, Title } from '@mantine/core'
import { IconAlertTriangle, IconCheck, IconDownload, IconHelp, IconX } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import type { ComparisonView, FoundCheckpoint, FoundSignature, KeyTermView } from '../../../core/api/views.ts'
import { EntryLink } from '../../components/entry-link.tsx'
import { Facts } from '../../components/layout.tsx'
import { Copy, Id, Raw, When } from '../../components/text.tsx'
import { Unfold } from '../../components/unfold.tsx'
import { Verdict } from '../../components/verdict.tsx'
import { formatCount } from '../../format.ts'
import { saveFile } from '../../save-file.ts'
import { strings } from '../../strings.ts'

const { compare: t } = strings

const TONES = {
  same: 'good',
  extends: 'good',
  contradict: 'bad',
  foreign: 'bad',
  unsigned: 'bad',
  different_logs: 'warn',
  unknown: 'warn',
} as const satisfies Record<ComparisonView['verdict'], string>

export function Compared({ found }: { readonly found: ComparisonView }) {
  const { verdict, evidence, path } = found
  return (
    <Stack gap="md">
      <Verdict tone={TONES[verdict]} title={t.titles[verdict](found)}>
        {t.texts[verdict](found)}
      </Verdict>
      {evidence !== undefined && <Evidence evidence={evidence} />}
      <div className="sides">
        <Checkpoint title={t.sides.first} checkpoint={found.first} size={found.size} />
        <Checkpoint title={t.sides.second} checkpoint={found.second} size={found.size} />
      </div>
      {path !== undefined && path.length > 0 && (
        <Unfold title={t.path}>
          <ol className="hashes">
            {path.map((hash) => (
              <li key={hash}>
                <Id value={hash} full />
              </li>
            ))}
          </ol>
        </Unfold>
      )}
    </Stack>
  )
}

export function Evidence({ evidence: { name, bytes, vkeys } }: { readonly evidence: NonNullable<ComparisonView['evidence']> }) {
  const command = `nimledger check ${name}${vkeys.map((vkey) => ` --vkey ${vkey}`).join('')}`
  return (
    <Stack gap="xs">
      <Button className="start" leftSection={<IconDownload size={16} />} onClick={() => saveFile(name, bytes)}>
        {t.saveEvidence}
      </Button>
      <Text size="sm" component="div">
        {t.checkHint} <Copy value={command} label={t.copyCommand} />
      </Text>
      <Raw label={t.command}>{command}</Raw>
    </Stack>
  )
}

interface CheckpointProps {
  readonly title: string
  readonly checkpoint: FoundCheckpoint
  /** Entries here. */
  readonly size: number
}

function Checkpoint({ title, checkpoint, size: here }: CheckpointProps) {
  const { from, origin, size, root, last, standing, trust, signatures } = checkpoint
  return (
    <section className="compared">
      <Title order={3} fz="sm" fw={600}>
        {title} <span className="dimmed">· {t.froms[from]}</span>
      </Title>
      <Facts
        rows={[
          [t.log, <bdi key="log">{origin}</bdi>],
          [t.size, formatCount(size)],
          [t.root, <Id key="root" value={root} full />],
          last === undefined ? undefined : [t.last, <When key="last" time={last} />],
        ]}
      />
      <ul className="steps">
        <Mark tone={standing === 'same' ? 'good' : standing === 'other' ? 'bad' : 'open'}>
          {t.standings[standing](size, here)}
        </Mark>
        {trust === 'out_of_force' && <Mark tone="warn">{t.outOfForce}</Mark>}
        {trust === 'unsigned' && <Mark tone="bad">{t.nobodyKnown}</Mark>}
        {signatures.map((signature) => (
          <Signature key={`${signature.name} ${signature.keyId}`} signature={signature} />
        ))}
      </ul>
    </section>
  )
}

const MARKS = { good: IconCheck, bad: IconX, warn: IconAlertTriangle, open: IconHelp } as const

function Mark({ tone, children }: { readonly tone: keyof typeof MARKS; readonly children: ReactNode }) {
  const Shape = MARKS[tone]
  return (
    <li data-ok={tone !== 'bad' || undefined} data-tone={tone}>
      <Shape size={15} aria-hidden="true" />
      <span>{children}</span>
    </li>
  )
}

function Signature({ signature }: { readonly signature: FoundSignature }) {
  const { name, keyId, by, isValid, term, time } = signature
  const tone = isValid === undefined ? 'open' : isValid ? 'good' : 'bad'
  return (
    <Mark tone={tone}>
      {isValid === false && <strong>{t.fails} </strong>}
      {t.by[by]} <bdi className="break">{name}</bdi> <span className="mono nowrap">{keyId}</span>
      {term !== undefined && <Term term={term} />}
      {time !== undefined && (
        <>
          , {t.saw} <When time={time} />
        </>
      )}
    </Mark>
  )
}

/** From when and until when a key of the log signed. */
export function Term({ term: { entry, since, replaced } }: { readonly term: KeyTermView }) {
  return (
    <span className="linked">
      : {t.inForceFrom} <EntryLink index={entry} /> (<When time={since} dayOnly />)
      {replaced !== undefined && (
        <>
          {' '}
          {t.replacedIn} <EntryLink index={replaced.entry} /> (<When time={replaced.time} dayOnly />
          ), {t.besideUntil} <When time={replaced.until} dayOnly />
        </>
      )}
    </span>
  )
}
