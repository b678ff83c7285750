/** What is left of each price: gross, the platform's fee, take-home; exact. */
import { Text } from '@mantine/core'
import { Panel } from '../../components/layout.tsx'
import { Amount } from '../../components/text.tsx'
import { useDesk } from '../../desk.tsx'
import { decimalsOf, formatRate, splitFee } from '../../format.ts'
import { strings } from '../../strings.ts'
import { amountIn, type ListingDraft, pricesOf } from './listing-draft.ts'

export function Calculator({ draft }: { readonly draft: ListingDraft }) {
  const { ledger } = useDesk()
  const { publish: t } = strings
  const prices = pricesOf(draft).flatMap(([field, name]) => {
    const gross = amountIn(draft, field)
    return gross === undefined || gross === '0' ? [] : [{ name, ...splitFee(gross, ledger.feeBps) }]
  })
  const decimals = decimalsOf(prices.flatMap(({ gross, fee, takeHome }) => [gross, fee, takeHome]))
  return (
    <Panel title={t.calculator} className="calculator">
      <div aria-live="polite">
        {prices.length === 0 && (
          <Text size="sm" c="dimmed">
            {t.calculatorEmpty}
          </Text>
        )}
        {prices.map(({ name, gross, fee, takeHome, isExact }) => (
          <div key={name} className="calculated">
            <Text size="xs" fw={600}>
              {name}
            </Text>
            <div className="ledger-line">
              <span>{strings.gross}</span>
              <Amount value={gross} aligned={decimals} />
            </div>
            <div className="ledger-line" data-part>
              <span>
                {strings.fee}, {formatRate(ledger.feeBps)}
              </span>
              <Amount value={fee} aligned={decimals} />
            </div>
            <div className="ledger-line" data-total>
              <span>{strings.takeHome}</span>
              <Amount value={takeHome} aligned={decimals} />
            </div>
            {!isExact && (
              <Text size="xs" c="dimmed">
                {t.carried}
              </Text>
            )}
          </div>
        ))}
      </div>
      <Text size="xs" c="dimmed" mt="sm">
        {t.calculatorLead(formatRate(ledger.feeBps))}
      </Text>
    </Panel>
  )
}
