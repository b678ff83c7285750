/** One of several ways, each with what it means. */
import { Radio, Stack } from '@mantine/core'

interface ChoicesProps<Value extends string> {
  readonly label: string
  readonly value: Value
  readonly of: Readonly<Record<Value, readonly [title: string, meaning: string]>>
  readonly choose: (value: Value) => void
}

export function Choices<Value extends string>({ label, value, of, choose }: ChoicesProps<Value>) {
  const ways = Object.entries(of) as [Value, readonly [string, string]][]
  return (
    <Radio.Group label={label} value={value} onChange={(chosen) => choose(chosen as Value)}>
      <Stack gap={8} mt={6}>
        {ways.map(([way, [title, meaning]]) => (
          <Radio key={way} value={way} label={title} description={meaning} />
        ))}
      </Stack>
    </Radio.Group>
  )
}
