/** What is filled in for each kind of listing. */
import { Anchor, Checkbox, Fieldset, NativeSelect, SegmentedControl, SimpleGrid, Stack, Text, TextInput } from '@mantine/core'
import type { ModelList } from '../../../core/api/views.ts'
import { DigestField } from '../../components/digest-field.tsx'
import { href } from '../../route.ts'
import { strings } from '../../strings.ts'
import { type AmountField, amountFault, CALL_PRICES, countFault, type ListingDraft, PERIODS } from './listing-draft.ts'

interface FieldsProps {
  readonly draft: ListingDraft
  readonly change: (part: Partial<ListingDraft>) => void
}

interface PriceProps extends FieldsProps {
  readonly field: AmountField
  readonly label: string
}

function Price({ draft, change, field, label }: PriceProps) {
  return (
    <TextInput
      label={label}
      value={draft[field]}
      inputMode="decimal"
      placeholder="0.00"
      classNames={{ input: 'amount-input' }}
      error={amountFault(draft, field)}
      onChange={(event) => change({ [field]: event.currentTarget.value })}
    />
  )
}

interface CountProps extends FieldsProps {
  readonly field: 'included' | 'bytes' | 'licenceDays' | 'seats' | 'days'
  readonly label: string
  readonly description?: string
}

function Count({ draft, change, field, label, description }: CountProps) {
  return (
    <TextInput
      label={label}
      description={description}
      inputWrapperOrder={['label', 'input', 'description', 'error']}
      value={draft[field]}
      inputMode="numeric"
      classNames={{ input: 'amount-input' }}
      error={countFault(draft[field])}
      onChange={(event) => change({ [field]: event.currentTarget.value })}
    />
  )
}

interface OfModelProps extends FieldsProps {
  readonly list: ModelList
  /** A listing that exists keeps its model. */
  readonly isNew: boolean
}

export function ModelFields({ draft, change, list, isNew }: OfModelProps) {
  const { publish: t, periods } = strings
  const deployed = list.models.filter(({ isDeployed }) => isDeployed)
  const isSubscribable = PERIODS.some((period) => draft[period].trim() !== '')
  return (
    <Stack>
      {isNew && deployed.length === 0 && (
        <Text size="sm" c="dimmed">
          {t.noModels}{' '}
          <Anchor href={href('models', list.slots.limit === 0 ? 'plan' : undefined)} inherit>
            {list.slots.limit === 0 ? strings.mends.plan : strings.goTo(strings.models.title)}
          </Anchor>
        </Text>
      )}
      {isNew && deployed.length > 0 && (
        <NativeSelect
          label={t.model}
          description={t.slotsLeft(Math.max(0, list.slots.limit - list.slots.used))}
          value={draft.model}
          data={deployed.map(({ model, name }) => ({ value: model, label: name }))}
          onChange={(event) => change({ model: event.currentTarget.value })}
        />
      )}
      <Fieldset legend={t.subscription} className="fields">
        <Text size="xs" c="dimmed" mb={6}>
          {t.subscriptionHint}
        </Text>
        <SimpleGrid cols={{ base: 2, sm: 4 }} spacing="xs">
          {PERIODS.map((period) => (
            <Price
              key={period}
              draft={draft}
              change={change}
              field={period}
              label={strings.models.perPeriod(periods[period] ?? period)}
            />
          ))}
        </SimpleGrid>
      </Fieldset>
      <Fieldset legend={t.calls} className="fields">
        <Text size="xs" c="dimmed" mb={6}>
          {t.callsHint}
        </Text>
        <SimpleGrid cols={2} spacing="xs">
          {CALL_PRICES.map((price) => (
            <Price key={price} draft={draft} change={change} field={price} label={t[price]} />
          ))}
        </SimpleGrid>
      </Fieldset>
      {isSubscribable && (
        <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm">
          <Count draft={draft} change={change} field="included" label={t.included} />
          <div>
            <Text size="sm" fw={550} id="access" lh={1.6}>
              {t.access}
            </Text>
            <SegmentedControl
              fullWidth
              size="xs"
              aria-labelledby="access"
              value={draft.access}
              onChange={(access) => change({ access })}
              data={[
                { value: 'subscription' as const, label: t.accessSubscription },
                { value: 'open' as const, label: t.accessOpen },
              ]}
            />
          </div>
        </SimpleGrid>
      )}
    </Stack>
  )
}

export function DatasetFields({ draft, change }: FieldsProps) {
  const { publish: t } = strings
  const take = (sha256: string, bytes?: number) => change({ sha256, ...(bytes !== undefined && { bytes: String(bytes) }) })
  return (
    <Stack>
      <DigestField label={t.content} description={strings.models.artifactHint} value={draft.sha256} change={take} />
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm">
        <Count draft={draft} change={change} field="bytes" label={t.bytes} />
        <Price draft={draft} change={change} field="purchase" label={t.purchase} />
      </SimpleGrid>
      <Fieldset legend={strings.wallet.entitlements.licence} className="fields">
        <SimpleGrid cols={{ base: 1, sm: 3 }} spacing="xs">
          <Price draft={draft} change={change} field="licencePrice" label={t.licencePrice} />
          <Count draft={draft} change={change} field="licenceDays" label={t.days} />
          <Count draft={draft} change={change} field="seats" label={t.seats} />
        </SimpleGrid>
        <Checkbox
          mt="sm"
          label={t.redistribution}
          checked={draft.redistribution}
          onChange={(event) => change({ redistribution: event.currentTarget.checked })}
        />
      </Fieldset>
    </Stack>
  )
}

export function FeatureFields({ draft, change, list, isNew }: OfModelProps) {
  const { publish: t } = strings
  const models = list.models.map(({ model, name }) => ({ value: model, label: name }))
  return (
    <SimpleGrid cols={{ base: 1, sm: 3 }} spacing="sm">
      <Price draft={draft} change={change} field="price" label={t.price} />
      <Count draft={draft} change={change} field="days" label={t.days} description={t.daysHint} />
      {isNew && (
        <NativeSelect
          label={t.featureModel}
          value={draft.model}
          data={[{ value: '', label: t.none }, ...models]}
          onChange={(event) => change({ model: event.currentTarget.value })}
        />
      )}
    </SimpleGrid>
  )
}
