/** Where a read token is given: hidden as it is typed, and never filled in by the browser. */
import { PasswordInput } from '@mantine/core'
import { strings } from '../strings.ts'

/** As long as the longest token. */
const MAX_CHARACTERS = 512

interface TokenInputProps {
  readonly value: string
  readonly change: (value: string) => void
  readonly isRequired?: boolean
}

export function TokenInput({ value, change, isRequired = false }: TokenInputProps) {
  const { token } = strings
  return (
    <PasswordInput
      label={token.label}
      description={isRequired ? token.hint : token.optionalHint}
      value={value}
      maxLength={MAX_CHARACTERS}
      required={isRequired}
      autoComplete="off"
      spellCheck={false}
      visibilityToggleButtonProps={{ 'aria-label': token.show }}
      onChange={(event) => change(event.currentTarget.value)}
    />
  )
}
