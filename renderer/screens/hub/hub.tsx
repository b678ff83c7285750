/** How the sequencer is doing, for its operator: what is wrong first, then pace, queue, refusals, who follows, witnesses. */
import { Button } from '@mantine/core'
import { IconKey } from '@tabler/icons-react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { HubState, HubView } from '../../../core/api/views.ts'
import { Answered, Empty, Failed, FailureNotice, Figure, Figures, Page, Panel } from '../../components/layout.tsx'
import { formatBytes, formatCount } from '../../format.ts'
import { strings } from '../../strings.ts'
import { useTRPC } from '../../trpc.ts'
import { Firing } from './firing.tsx'
import { Followers, furthestBehind } from './followers.tsx'
import { PaceChart } from './pace-chart.tsx'
import { Program, roomFor, StartHub, Storage } from './program.tsx'
import { Refusals } from './refusals.tsx'
import { Witnesses } from './witnesses.tsx'

/** How often it is asked while somebody looks: of a hub elsewhere less often, and of one that says nothing seldom. */
const POLL_MS = { here: 2_000, beside: 2_000, afar: 5_000 } as const
const SILENT_POLL_MS = 10_000

export function Hub() {
  const trpc = useTRPC()
  const state = useQuery(
    trpc.hub.state.queryOptions(undefined, {
      refetchInterval: ({ state: { data } }) => (data?.view === undefined ? SILENT_POLL_MS : POLL_MS[data.where]),
    }),
  )
  const { hub: t } = strings
  return (
    <Page title={t.title} lead={state.data && leadOf(state.data)}>
      <Answered query={state} lines={8}>
        {(known) =>
          known.view === undefined ? <Untold state={known} retry={() => void state.refetch()} /> : <Doing view={known.view} />
        }
      </Answered>
    </Page>
  )
}

function leadOf({ where, url, view }: HubState): string {
  const { hub: t } = strings
  if (url !== undefined) return t.followed(url)
  return view?.listening === undefined ? t.leads[where] : t.served(view.listening)
}

function Doing({ view }: { readonly view: HubView }) {
  const { failure, program, witnesses } = view
  const isHub = program === 'hub'
  const { hub: t } = strings
  return (
    <>
      {failure !== undefined && <Failed failure={failure} title={t.stopped} />}
      <Firing alerts={view.alerts} />
      <Standing view={view} />
      <div className="columns">
        <div data-span="8">
          <PaceChart pace={view.pace} />
        </div>
        <div data-span="4">
          <Storage view={view} />
        </div>
        <div data-span="6">
          <Refusals notes={view.notes} />
        </div>
        <div data-span="6">
          <Program view={view} />
        </div>
      </div>
      {isHub && <Followers followers={view.followers} published={view.log.published} />}
      {isHub && <Witnesses witnesses={witnesses} log={view.log} />}
      {!isHub && <StartHub />}
    </>
  )
}

function Standing({ view }: { readonly view: HubView }) {
  const { pace, queue, notes, storage, program } = view
  const { hub: t } = strings
  const refused = Object.values(notes.refused).reduce((sum, count) => sum + count, 0)
  const isLong = queue.notes > queue.most / 100
  const room = roomFor(view)
  return (
    <Figures>
      <Figure label={t.pace} note={t.paceNote(sumOf(pace.minutes))} tone="accent">
        {perSecond(sumOf(pace.seconds) / pace.seconds.length)}
      </Figure>
      <Figure label={t.queue} note={t.queueNote(queue.most)} {...(isLong && { tone: 'warn' as const })}>
        {formatCount(queue.notes)}
      </Figure>
      <Figure label={t.taken} note={t.refusedNote(refused)}>
        {formatCount(notes.accepted)}
      </Figure>
      {program === 'hub' ? (
        <Listening view={view} />
      ) : (
        <Figure label={t.free} note={room === undefined ? undefined : t.room(room)}>
          {formatBytes(storage.free)}
        </Figure>
      )}
    </Figures>
  )
}

function Listening({ view: { followers, log } }: { readonly view: HubView }) {
  const { hub: t } = strings
  const listening = followers.filter(({ streams }) => streams > 0)
  const behind = furthestBehind(listening, log.published)
  const note = listening.length === 0 ? t.nobody : behind > 0 ? t.furthest(behind) : t.allUp
  return (
    <Figure label={t.followers} note={note}>
      {formatCount(listening.length)}
    </Figure>
  )
}

function sumOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0)
}

/** With a decimal where it is little. */
function perSecond(rate: number): string {
  return rate > 0 && rate < 10 ? rate.toFixed(1) : formatCount(Math.round(rate))
}

interface UntoldProps {
  readonly state: HubState
  readonly retry: () => void
}

/** Why there is nothing to show, and what would help. */
function Untold({ state: { where, failure, canSignIn }, retry }: UntoldProps) {
  const { hub: t } = strings
  if (failure === undefined) return null
  if (where === 'afar' && failure.code === 'missing') return <SignIn canSignIn={canSignIn === true} />
  return <Failed failure={failure} title={t.untold} tone="warn" retry={retry} />
}

function SignIn({ canSignIn }: { readonly canSignIn: boolean }) {
  const trpc = useTRPC()
  const client = useQueryClient()
  const signIn = useMutation(
    trpc.hub.signIn.mutationOptions({ onSuccess: (state) => client.setQueryData(trpc.hub.state.queryKey(), state) }),
  )
  const { signIn: t } = strings.hub
  const button = (
    <Button leftSection={<IconKey size={16} />} loading={signIn.isPending} onClick={() => signIn.mutate()}>
      {t.button}
    </Button>
  )
  return (
    <>
      <Panel>
        <Empty icon={IconKey} title={t.title} action={canSignIn && button}>
          {canSignIn ? t.text : t.other}
        </Empty>
      </Panel>
      {signIn.error !== null && <FailureNotice error={signIn.error} />}
    </>
  )
}
