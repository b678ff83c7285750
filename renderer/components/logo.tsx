/** The mark: three accounts, one ledger. */
export function Logo({ size = 30 }: { readonly size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" className="logo">
      <rect width="32" height="32" rx="9" fill="#087f5b" />
      <g fill="none" stroke="#fff" strokeWidth="2.2" strokeLinecap="round">
        <path d="M16 10v4M9.5 20.5V19a4 4 0 0 1 4-4h5a4 4 0 0 1 4 4v1.5" />
      </g>
      <g fill="#fff">
        <circle cx="16" cy="8.5" r="2.7" />
        <circle cx="9.5" cy="22.5" r="2.7" />
        <circle cx="22.5" cy="22.5" r="2.7" />
      </g>
    </svg>
  )
}
