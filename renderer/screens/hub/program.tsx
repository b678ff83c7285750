/** The program that sequences: what it is and does, what it takes of its disk, and how a hub is started where there is none. */
import { Progress, Stack, Text } from '@mantine/core'
import type { HubView } from '../../../core/api/views.ts'
import { Facts, Panel } from '../../components/layout.tsx'
import { CommandText, When } from '../../components/text.tsx'
import { useDesk } from '../../desk.tsx'
import { formatBytes } from '../../format.ts'
import { strings } from '../../strings.ts'

/** With fewer entries than these, the book is mostly room for more. */
const TELLING_ENTRIES = 1_000

/** How many more entries fit on the disk, by what those so far take; undefined where that tells nothing yet. */
export function roomFor({ storage: { book, index, free }, log: { entries } }: HubView): number | undefined {
  if (entries < TELLING_ENTRIES) return undefined
  const [digits, step] = [2, 10]
  const room = free / ((book + index) / entries)
  const unit = step ** Math.max(0, Math.floor(Math.log10(Math.max(1, room))) - digits + 1)
  return Math.floor(room / unit) * unit
}

export function Storage({ view }: { readonly view: HubView }) {
  const { storage: t, room } = strings.hub
  const { book, writeAhead, index, guard, free, disk } = view.storage
  const entries = roomFor(view)
  return (
    <Panel title={t.title} className="fill">
      <Stack gap="lg">
        <dl className="files">
          <Line name={t.book} value={formatBytes(book)} />
          <Line name={t.writeAhead} value={formatBytes(writeAhead)} />
          <Line name={t.index} value={index === 0 ? t.noIndex : formatBytes(index)} />
          <Line name={t.guard} value={formatBytes(guard)} />
        </dl>
        <div>
          <Progress value={disk === 0 ? 0 : ((disk - free) / disk) * 100} aria-label={t.disk} color="var(--accent)" />
          <Text size="xs" c="dimmed" mt={6}>
            {t.freeOf(formatBytes(free), formatBytes(disk))}
            {entries !== undefined && ` · ${room(entries)}`}
          </Text>
        </div>
      </Stack>
    </Panel>
  )
}

function Line({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div className="ledger-line">
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  )
}

export function Program({ view }: { readonly view: HubView }) {
  const { program: t } = strings.hub
  const { version, started, listening, access, log, requests, connections, streams } = view
  const isHub = view.program === 'hub'
  const turnedAway = Object.entries(requests.turnedAway).map(([why, count]) => t.turnedAwayFor(why, count))
  return (
    <Panel title={t.title} className="fill">
      <Facts
        rows={[
          [t.version, version],
          [t.started, <When key="started" time={started} />],
          [t.lastEntry, <When key="last" time={log.lastEntry} />],
          listening === undefined ? undefined : [t.listening, <bdi key="listening">{listening}</bdi>],
          access === undefined ? undefined : [t.access, t.policies[access]],
          isHub ? [t.connections, t.connectionsOf(connections, streams)] : undefined,
          isHub ? [t.requests, t.requestsOf(requests.answered, requests.failed)] : undefined,
          isHub ? [t.turnedAway, turnedAway.join(', ') || t.nobodyTurnedAway] : undefined,
          [t.scheduler, <Scheduler key="scheduler" scheduler={view.scheduler} />],
        ]}
      />
    </Panel>
  )
}

function Scheduler({ scheduler: { off, ran, renewed, closed, failures } }: Pick<HubView, 'scheduler'>) {
  const { program: t } = strings.hub
  if (off !== undefined) return <bdi>{t.off(off)}</bdi>
  return (
    <span>
      {ran !== undefined && (
        <>
          {t.ran} <When time={ran} /> ·{' '}
        </>
      )}
      {t.did(renewed, closed)}
      {failures > 0 && ` · ${t.failures(failures)}`}
    </span>
  )
}

export function StartHub() {
  const { desk } = useDesk()
  const { start: t } = strings.hub
  return (
    <Panel title={t.title}>
      <Stack gap="md">
        <Text maw={720}>{t.text}</Text>
        <Facts rows={[[t.command, <CommandText key="command">{`nimledger hub --dir ${desk.dir}`}</CommandText>]]} />
      </Stack>
    </Panel>
  )
}
