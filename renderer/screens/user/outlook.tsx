/** What becomes of the credits: how long they last, what burns first, what is set aside, what was spent lately, what renews. */
import { Anchor, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { LastsView, OutlookView, RenewalView } from '../../../core/api/views.ts'
import { EntryLink } from '../../components/entry-link.tsx'
import { Answered, Figure, Panel } from '../../components/layout.tsx'
import { Amount, Credits, Foreign, When } from '../../components/text.tsx'
import { useDesk } from '../../desk.tsx'
import { href } from '../../route.ts'
import { strings } from '../../strings.ts'
import { useTRPC } from '../../trpc.ts'

const { outlook: t } = strings

function useOutlook() {
  const { acting } = useDesk()
  const trpc = useTRPC()
  return useQuery(trpc.wallet.outlook.queryOptions({ account: acting.account }))
}

/** The days that are left, large. */
export function LastsFigure() {
  const { data } = useOutlook()
  return (
    <Figure label={t.lasts} note={data && t.atPace(data.burn.perDay)}>
      {data === undefined ? '…' : t.days(data.lasts)}
    </Figure>
  )
}

export function Outlook() {
  const outlook = useOutlook()
  return (
    <Panel title={t.title} aside={strings.unit('0')}>
      <Answered query={outlook}>
        {(data) => (
          <Stack gap="lg">
            <Text>
              <Lasts lasts={data.lasts} days={data.burn.days} />
            </Text>
            <Burning outlook={data} />
            <SetAside held={data.held} />
            <Renewals renewals={data.renewals} />
            <Spent burn={data.burn} />
          </Stack>
        )}
      </Answered>
    </Panel>
  )
}

function Lasts({ lasts, days }: { readonly lasts: LastsView | undefined; readonly days: number }) {
  if (lasts === undefined) return t.unknown(days)
  const { until, unpaid, renewed } = lasts
  const renewing = renewed !== '0' && (
    <>
      {' '}
      {t.renewing} <Credits value={renewed} />.
    </>
  )
  if (until === undefined) {
    return (
      <>
        {t.overAYear}
        {renewing}
      </>
    )
  }
  return (
    <>
      {unpaid === undefined ? t.until : t.notCovered} <When time={until} dayOnly />
      {unpaid !== undefined && (
        <>
          : <RenewalName renewal={unpaid} />, <Credits value={unpaid.price} />
        </>
      )}
      .{renewing}
    </>
  )
}

interface SectionProps {
  readonly title: string
  readonly note?: string
  readonly children: ReactNode
}

/** Lines of what and how much. */
function Section({ title, note, children }: SectionProps) {
  return (
    <section>
      <Text size="xs" c="dimmed" fw={550} component="h3">
        {title}
      </Text>
      <ul className="lines" aria-label={title}>
        {children}
      </ul>
      {note !== undefined && (
        <Text size="xs" c="dimmed">
          {note}
        </Text>
      )}
    </section>
  )
}

interface LineProps {
  readonly what: ReactNode
  readonly when?: ReactNode
  readonly amount: string
}

function Line({ what, when, amount }: LineProps) {
  return (
    <li>
      <Text size="sm" component="div">
        {what}
        {when !== undefined && (
          <Text size="xs" c="dimmed" component="div">
            {when}
          </Text>
        )}
      </Text>
      <Amount value={amount} aligned />
    </li>
  )
}

/** In the order in which credits are taken. */
function Burning({ outlook: { grants, paid } }: { readonly outlook: OutlookView }) {
  if (grants.length === 0) return null
  return (
    <Section title={t.burning} note={t.burningNote}>
      {grants.map(({ grant, entry, reason, remaining, expires, lost }) => (
        <Line
          key={grant}
          what={
            <>
              {t.grant} · <Foreign>{reason}</Foreign>
            </>
          }
          when={
            <>
              {t.expires} <When time={expires} /> · {t.granted} <EntryLink index={entry} />
              {lost !== '0' && (
                <div className="warn-text">
                  {t.lost} <Credits value={lost} />
                </div>
              )}
            </>
          }
          amount={remaining}
        />
      ))}
      <Line what={t.paid} when={t.paidNote} amount={paid} />
    </Section>
  )
}

function SetAside({ held }: Pick<OutlookView, 'held'>) {
  if (held.length === 0) return null
  return (
    <Section title={t.held}>
      {held.map(({ id, kind, listing, title, until, amount }) => (
        <Line
          key={id}
          what={
            <>
              {t.kinds[kind]} · <ListingLink listing={listing} title={title} />
            </>
          }
          when={
            <>
              {strings.wallet.until} <When time={until} />
            </>
          }
          amount={amount}
        />
      ))}
    </Section>
  )
}

function Renewals({ renewals }: Pick<OutlookView, 'renewals'>) {
  if (renewals.length === 0) return null
  return (
    <Section title={t.renewals}>
      {renewals.map((renewal) => (
        <Line
          key={renewal.listing ?? ''}
          what={<RenewalName renewal={renewal} />}
          when={<When time={renewal.at} dayOnly />}
          amount={renewal.price}
        />
      ))}
    </Section>
  )
}

function RenewalName({ renewal: { listing, title } }: { readonly renewal: RenewalView }) {
  return listing === undefined ? strings.planCalled(title) : <ListingLink listing={listing} title={title} />
}

/** Those that cost the most; the others are on the page of usage and in the statement. */
const SHOWN = 6

function Spent({ burn: { days, spent, byListing } }: Pick<OutlookView, 'burn'>) {
  if (byListing.length === 0) return null
  return (
    <Section title={t.spent(days)}>
      {byListing.slice(0, SHOWN).map(({ listing, title = '', spent: part }) => (
        <Line
          key={listing ?? ''}
          what={listing === undefined ? t.platform : <ListingLink listing={listing} title={title} />}
          amount={part}
        />
      ))}
      {byListing.length > SHOWN && <li>{t.others(byListing.length - SHOWN)}</li>}
      <Line what={<strong>{t.together}</strong>} amount={spent} />
    </Section>
  )
}

function ListingLink({ listing, title }: { readonly listing: string; readonly title: string }) {
  return (
    <Anchor href={href('market', listing)} size="sm">
      <Foreign>{title}</Foreign>
    </Anchor>
  )
}
