/** The full audit, from here: its progress, and what it found. */
import { Button, Group, Progress, Stack, Text } from '@mantine/core'
import { IconPlayerStop, IconShieldCheck } from '@tabler/icons-react'
import { skipToken, useQuery } from '@tanstack/react-query'
import { useSubscription } from '@trpc/tanstack-react-query'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import type { VerifyEvent } from '../../../core/api/views.ts'
import { Answered, Empty, Facts, FailureNotice, Page, Panel } from '../../components/layout.tsx'
import { Id } from '../../components/text.tsx'
import { TrialBalance } from '../../components/trial-balance.tsx'
import { Verdict } from '../../components/verdict.tsx'
import { useDesk } from '../../desk.tsx'
import { formatCount } from '../../format.ts'
import { useRoute } from '../../route.ts'
import { strings } from '../../strings.ts'
import { useTRPC } from '../../trpc.ts'
import { CheckpointCompare } from './checkpoint-compare.tsx'
import { Exports } from './exports.tsx'
import { ReceiptCheck } from './receipt-check.tsx'

type Found = Extract<VerifyEvent, { what: 'report' }>

interface Run {
  /** By the page's own clock. */
  readonly startedMs: number
  readonly done: number
  readonly total: number
  readonly rate: number
  readonly found?: Found
}

/** A rate is told once it means something. */
const SETTLED_MS = 1_500

const NEW_RUN: Run = { startedMs: 0, done: 0, total: 0, rate: 0 }

export function Verify() {
  const trpc = useTRPC()
  const balance = useQuery(trpc.treasury.show.queryOptions())
  const [run, setRun] = useState<Run>()
  const isRunning = run !== undefined && run.found === undefined
  const heard = (event: VerifyEvent) =>
    setRun((before = NEW_RUN) => {
      if (event.what === 'report') return { ...before, found: event }
      const elapsedMs = performance.now() - before.startedMs
      const rate = elapsedMs < SETTLED_MS ? 0 : Math.round((event.done * 1000) / elapsedMs)
      return { ...before, done: event.done, total: event.total, rate }
    })
  const audit = useSubscription(trpc.log.verify.subscriptionOptions(isRunning ? undefined : skipToken, { onData: heard }))
  const start = () => setRun({ ...NEW_RUN, startedMs: performance.now() })
  const { verify: t } = strings
  return (
    <Page title={t.title} lead={t.lead}>
      <Panel>
        {run === undefined && (
          <Empty icon={IconShieldCheck} title={t.ready} action={<Button onClick={start}>{t.start}</Button>}>
            {t.readyText}
          </Empty>
        )}
        {isRunning && audit.status !== 'error' && <Running run={run} stop={() => setRun(undefined)} />}
        {audit.status === 'error' && isRunning && <FailureNotice error={audit.error} retry={start} />}
        {run?.found !== undefined && <Result found={run.found} again={start} />}
      </Panel>
      <ReceiptCheck />
      <Place name="compare">
        <CheckpointCompare />
      </Place>
      <Place name="exports">
        <Exports />
      </Place>
      <Answered query={balance}>{(shown) => <TrialBalance balance={shown} />}</Answered>
    </Page>
  )
}

/** A part of the page that an address leads to: it is in sight then, and has the focus. */
function Place({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  const { thing } = useRoute()
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (thing !== name) return
    box.current?.scrollIntoView()
    box.current?.querySelector<HTMLElement>('textarea, button')?.focus({ preventScroll: true })
  }, [thing, name])
  return <div ref={box}>{children}</div>
}

function Running({ run: { done, total, rate }, stop }: { readonly run: Run; readonly stop: () => void }) {
  const { ledger } = useDesk()
  const { verify: t } = strings
  const all = total === 0 ? ledger.size : total
  return (
    <Stack gap="sm" className="verify">
      <Progress size="lg" value={all === 0 ? 0 : (done / all) * 100} aria-label={t.progress} color="var(--accent)" />
      <Group justify="space-between">
        <Text size="sm" c="dimmed" className="figures-text" aria-live="polite">
          {t.of(done, all)}
          {rate > 0 && ` · ${t.rate(rate)} · ${t.left(Math.ceil((all - done) / rate))}`}
        </Text>
        <Button variant="default" size="xs" leftSection={<IconPlayerStop size={14} />} onClick={stop}>
          {t.stop}
        </Button>
      </Group>
    </Stack>
  )
}

function Result({ found: { report, seconds }, again }: { readonly found: Found; readonly again: () => void }) {
  const { verify: t } = strings
  const { ok, entries, signatures, size, root, vkey, unsigned, defects } = report
  return (
    <Stack gap="lg">
      <Verdict tone={ok ? 'good' : 'bad'} title={ok ? t.ok : t.bad}>
        {ok ? t.okText(entries, signatures, seconds.toFixed(1)) : t.badText}
      </Verdict>
      {defects.map(({ index, what, message }) => (
        <Text key={message} component="div">
          {index !== undefined && <strong>{t.defect(index)}: </strong>}
          <bdi>{message}</bdi> <span className="code-word">{what}</span>
        </Text>
      ))}
      <Facts
        rows={[
          [t.size, formatCount(size)],
          [t.root, <Id key="root" value={root} full />],
          [t.key, <Id key="key" value={vkey} full />],
          unsigned > 0 ? [t.unsigned, strings.plural(unsigned, 'entry', 'entries')] : undefined,
        ]}
      />
      <Button variant="default" onClick={again} className="start">
        {t.again}
      </Button>
    </Stack>
  )
}
