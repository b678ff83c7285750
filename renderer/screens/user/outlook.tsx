/** What becomes of the credits: how long they last, what burns first, what is set aside, what was spent lately, what renews. */
import { Anchor, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { LastsView, OutlookView, RenewalView } from '../../../core/api/views.ts'
import { EntryLink } from '../../components/entry-link.tsx'
import { Answered, Figure, Panel } from '../../components/layout.tsx'
import { Line, Lines } from '../../components/lines.tsx'
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

/** In the order in which credits are taken. */
function Burning({ outlook: { grants, paid } }: { readonly outlook: OutlookView }) {
  if (grants.length === 0) return null
  return (
    <Lines title={t.burning} note={t.burningNote}>
      {grants.map(({ grant, entry, reason, remaining, expires, lost }) => (
        <Line
          key={grant}
          note={
            <>
              {t.expires} <When time={expires} /> · {t.granted} <EntryLink index={entry} />
              {lost !== '0' && (
                <div className="warn-text">
                  {t.lost} <Credits value={lost} />
                </div>
              )}
            </>
          }
          end={<Amount value={remaining} aligned />}
        >
          {t.grant} · <Foreign>{reason}</Foreign>
        </Line>
      ))}
      <Line note={t.paidNote} end={<Amount value={paid} aligned />}>
        {t.paid}
      </Line>
    </Lines>
  )
}

function SetAside({ held }: Pick<OutlookView, 'held'>) {
  if (held.length === 0) return null
  return (
    <Lines title={t.held}>
      {held.map(({ id, kind, listing, title, until, amount }) => (
        <Line
          key={id}
          note={
            <>
              {strings.wallet.until} <When time={until} />
            </>
          }
          end={<Amount value={amount} aligned />}
        >
          {t.kinds[kind]} · <ListingLink listing={listing} title={title} />
        </Line>
      ))}
    </Lines>
  )
}

function Renewals({ renewals }: Pick<OutlookView, 'renewals'>) {
  if (renewals.length === 0) return null
  return (
    <Lines title={t.renewals}>
      {renewals.map((renewal) => (
        <Line
          key={renewal.listing ?? ''}
          note={<When time={renewal.at} dayOnly />}
          end={<Amount value={renewal.price} aligned />}
        >
          <RenewalName renewal={renewal} />
        </Line>
      ))}
    </Lines>
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
    <Lines title={t.spent(days)}>
      {byListing.slice(0, SHOWN).map(({ listing, title = '', spent: part }) => (
        <Line key={listing ?? ''} end={<Amount value={part} aligned />}>
          {listing === undefined ? t.platform : <ListingLink listing={listing} title={title} />}
        </Line>
      ))}
      {byListing.length > SHOWN && <Line>{t.others(byListing.length - SHOWN)}</Line>}
      <Line end={<Amount value={spent} aligned className="strong" />}>
        <strong>{t.together}</strong>
      </Line>
    </Lines>
  )
}

function ListingLink({ listing, title }: { readonly listing: string; readonly title: string }) {
  return (
    <Anchor href={href('market', listing)} size="sm">
      <Foreign>{title}</Foreign>
    </Anchor>
  )
}
