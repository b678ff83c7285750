/** The plan that a creator has, or those to choose from. */
import { Button, Group, Paper, Stack, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import type { PlanView } from '../../../core/api/views.ts'
import { Panel, Tag } from '../../components/layout.tsx'
import { Amount, Credits, When } from '../../components/text.tsx'
import { useDesk } from '../../desk.tsx'
import { type Body, useSign } from '../../sign.tsx'
import { strings } from '../../strings.ts'

export function Plans({ plan }: { readonly plan: PlanView | undefined }) {
  const [isChanging, changing] = useDisclosure(false)
  const { models: t } = strings
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
        <Text size="sm">{t.planLine(plan.plan, modelLimit)}</Text>
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

function Choose({ type, title, lead, current, taken }: ChooseProps) {
  const { acting, ledger } = useDesk()
  const sign = useSign()
  const { models: t } = strings
  return (
    <Panel title={title}>
      <Text c="dimmed" mb="md">
        {lead}
      </Text>
      <div className="plans">
        {ledger.plans.map(({ plan, price, period, modelLimit }) => (
          <Stack key={plan} gap={6} className="plan">
            <Text fw={600} tt="capitalize">
              {plan}
            </Text>
            <div className="figure-value">
              <Amount value={price} />{' '}
              <Text span size="sm" c="dimmed">
                {strings.unit(price)} {t.perPeriod(strings.periods[period] ?? period)}
              </Text>
            </div>
            <Text size="sm" c="dimmed">
              {t.room(modelLimit)}
            </Text>
            <Button
              mt={6}
              variant="light"
              disabled={plan === current}
              onClick={() => sign({ signer: acting.account, type, body: { plan, price }, ...(taken && { taken }) })}
            >
              {plan === current ? t.current : t.take(plan)}
            </Button>
          </Stack>
        ))}
      </div>
    </Panel>
  )
}
