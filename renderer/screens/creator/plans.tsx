/** The plan that a creator has, or those to choose from. */
import { Button, Group, Paper, Stack, Text } from '@mantine/core'
import type { PlanView } from '../../../core/api/views.ts'
import { Panel, Tag } from '../../components/layout.tsx'
import { Amount, Credits, When } from '../../components/text.tsx'
import { useDesk } from '../../desk.tsx'
import { useSign } from '../../sign.tsx'
import { strings } from '../../strings.ts'

export function Plans({ plan }: { readonly plan: PlanView | undefined }) {
  return plan === undefined || plan.standing === 'lapsed' ? <Choose /> : <Current plan={plan} />
}

function Current({ plan: { plan, modelLimit, price, period, end, standing, cancelled } }: { readonly plan: PlanView }) {
  const { models: t } = strings
  return (
    <Paper withBorder radius="lg" className="panel strip">
      <Group gap="sm">
        <Text fw={600} size="sm">
          {t.plan}
        </Text>
        <Text size="sm">{t.planLine(plan, modelLimit)}</Text>
        <Tag tone={standing === 'active' ? 'accent' : 'warn'}>{strings.standings[standing]}</Tag>
      </Group>
      <Text size="sm" c="dimmed" component="div">
        <Credits value={price} /> {t.perPeriod(strings.periods[period] ?? period)} · {t.renews(cancelled)}{' '}
        <When time={end} dayOnly />
      </Text>
    </Paper>
  )
}

function Choose() {
  const { acting, ledger } = useDesk()
  const sign = useSign()
  const { models: t } = strings
  return (
    <Panel title={t.choose}>
      <Text c="dimmed" mb="md">
        {t.chooseLead}
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
              onClick={() => sign({ signer: acting.account, type: 'plan.subscribe', body: { plan, price } })}
            >
              {t.take(plan)}
            </Button>
          </Stack>
        ))}
      </div>
    </Panel>
  )
}
