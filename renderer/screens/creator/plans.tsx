/** The plan that a creator has, or those to choose from. */
import { Button, Group, Paper, Stack, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import type { PlanView } from '../../../core/api/views.ts'
import { Panel, Tag } from '../../components/layout.tsx'
import { Amount, Credits, When } from '../../components/text.tsx'
import { useDesk } from '../../desk.tsx'
import { type Body, useSign } from '../../sign.tsx'
import { strings } from '../../strings.ts'
import { useTRPC } from '../../trpc.ts'

/** With `isChoosing`, those to change to are shown at once. */
export function Plans({ plan, isChoosing }: { readonly plan: PlanView | undefined; readonly isChoosing: boolean }) {
  const [isChanging, changing] = useDisclosure(isChoosing)
  const { models: t } = strings
  // biome-ignore lint/correctness/useExhaustiveDependencies: whoever comes here to choose is shown what there is.
  useEffect(() => {
    if (isChoosing) changing.open()
  }, [isChoosing])
  if (plan === undefined || plan.standing === 'lapsed')
    return <Choose type="plan.subscribe" title={t.choose} lead={t.chooseLead} />
  return (
    <>
      <Current plan={plan} change={changing.toggle} isChanging={isChanging} />
      {isChanging && (
        <Choose type="plan.change" title={t.changePlan} lead={t.changeLead} current={plan.plan} taken={changing.close} />
      )}
    </>
  )
}

interface CurrentProps {
  readonly plan: PlanView
  readonly change: () => void
  readonly isChanging: boolean
}

function Current({ plan, change, isChanging }: CurrentProps) {
  const { modelLimit, price, period, end, standing, cancelled } = plan
  const { acting, ledger } = useDesk()
  const sign = useSign()
  const { models: t } = strings
  const offered = ledger.plans.find((one) => one.plan === plan.plan)
  const ask = (type: string, body: Body) => () => sign({ signer: acting.account, type, body })
  return (
    <Paper withBorder radius="lg" className="panel strip">
      <Group gap="sm">
        <Text fw={600} size="sm">
          {t.plan}
        </Text>
        <Text size="sm">{t.planLine(plan.plan.startsWith('off_') ? t.offered : plan.plan, modelLimit)}</Text>
        <Tag tone={standing === 'active' ? 'accent' : 'warn'}>{strings.standings[standing]}</Tag>
      </Group>
      <Group gap="sm">
        <Text size="sm" c="dimmed" component="div">
          <Credits value={price} /> {t.perPeriod(strings.periods[period] ?? period)} · {t.renews(cancelled)}{' '}
          <When time={end} dayOnly />
        </Text>
        <Button size="compact-sm" variant="light" onClick={change} aria-expanded={isChanging}>
          {t.changePlan}
        </Button>
        {standing === 'suspended' && (
          <Button size="compact-sm" onClick={ask('plan.renew', { account: acting.account })}>
            {t.renewNow}
          </Button>
        )}
        {!cancelled && (
          <Button size="compact-sm" variant="default" onClick={ask('plan.cancel', {})}>
            {t.cancelPlan}
          </Button>
        )}
        {cancelled && offered !== undefined && (
          <Button size="compact-sm" variant="default" onClick={ask('plan.change', { plan: offered.plan, price: offered.price })}>
            {t.keepPlan}
          </Button>
        )}
      </Group>
    </Paper>
  )
}

interface ChooseProps {
  readonly type: 'plan.subscribe' | 'plan.change'
  readonly title: string
  readonly lead: string
  /** The plan that is had already. */
  readonly current?: string
  readonly taken?: () => void
}

interface Choice extends Pick<PlanView, 'plan' | 'price' | 'period' | 'modelLimit'> {
  /** How it is named in what is signed. */
  readonly body: Body
  /** Of an offer to this account alone. */
  readonly expires?: string
}

/** The plans that everybody can take, then what was offered to this account. */
function useChoices(): readonly Choice[] {
  const { acting, ledger } = useDesk()
  const trpc = useTRPC()
  const found = useQuery(trpc.account.offers.queryOptions({ account: acting.account }))
  const offers = (found.data?.offers ?? []).filter(({ isOpen }) => isOpen)
  return [
    ...ledger.plans.map((one) => ({ ...one, body: { plan: one.plan } })),
    ...offers.map(({ offer, ...terms }) => ({ ...terms, plan: offer, body: { offer } })),
  ]
}

function Choose({ type, title, lead, current, taken }: ChooseProps) {
  const { acting } = useDesk()
  const sign = useSign()
  const choices = useChoices()
  const { models: t } = strings
  return (
    <Panel title={title}>
      <Text c="dimmed" mb="md">
        {lead}
      </Text>
      <div className="plans">
        {choices.map(({ plan, body, price, period, modelLimit, expires }) => (
          <Stack key={plan} gap={6} className="plan">
            <Text fw={600} tt="capitalize">
              {expires === undefined ? plan : t.offered}
            </Text>
            <div className="figure-value">
              <Amount value={price} />{' '}
              <Text span size="sm" c="dimmed">
                {strings.unit(price)} {t.perPeriod(strings.periods[period] ?? period)}
              </Text>
            </div>
            <Text size="sm" c="dimmed">
              {t.room(modelLimit)}
              {expires !== undefined && (
                <>
                  {' '}
                  · {t.offeredUntil} <When time={expires} dayOnly />
                </>
              )}
            </Text>
            <Button
              mt={6}
              variant="light"
              disabled={plan === current}
              onClick={() => sign({ signer: acting.account, type, body: { ...body, price }, ...(taken && { taken }) })}
            >
              {plan === current ? t.current : t.take(expires === undefined ? plan : t.theOffer)}
            </Button>
          </Stack>
        ))}
      </div>
    </Panel>
  )
}
