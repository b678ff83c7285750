/** The least that something of a listing costs. */
import { Text } from '@mantine/core'
import type { ListingView } from '../../../core/api/views.ts'
import { Amount } from '../../components/text.tsx'
import { microsOf } from '../../format.ts'
import { strings } from '../../strings.ts'

export function PriceTag({ listing: { terms } }: { readonly listing: ListingView }) {
  const prices: [string, string][] = [
    ...(terms.subscription ?? []).map(({ price, period }): [string, string] => [
      price,
      strings.models.perPeriod(strings.periods[period] ?? period),
    ]),
    ...(terms.purchase === undefined ? [] : [[terms.purchase, ''] as [string, string]]),
    ...(terms.licences ?? []).map(({ price }): [string, string] => [price, '']),
    ...(terms.price === undefined ? [] : [[terms.price, ''] as [string, string]]),
  ]
  const [cheapest] = prices.toSorted(([a], [b]) => (microsOf(a) < microsOf(b) ? -1 : 1))
  if (cheapest === undefined)
    return (
      <Text span size="sm">
        {strings.market.options.mandate}
      </Text>
    )
  const [price, per] = cheapest
  return (
    <span>
      {prices.length > 1 && <span className="dimmed">{strings.market.from} </span>}
      <span className="price">
        <Amount value={price} />
      </span>{' '}
      <span className="unit">
        {strings.unit(price)} {per}
      </span>
    </span>
  )
}
