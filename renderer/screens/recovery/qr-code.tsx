/** A text as a QR code: dark on light in any scheme, with the quiet margin that scanners need. */
import encodeQR from 'qr'

/** In dots. */
const MARGIN = 4

interface QrCodeProps {
  /** Of capitals, digits and spaces, which take the least room. */
  readonly text: string
  readonly label: string
}

export function QrCode({ text, label }: QrCodeProps) {
  const rows = encodeQR(text, 'raw', { border: MARGIN, encoding: 'alphanumeric', ecc: 'medium' })
  const size = rows.length
  const dots = rows.flatMap((row, y) => row.map((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : '')))
  return (
    <svg className="qr" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label} shapeRendering="crispEdges">
      <rect width={size} height={size} fill="#fff" />
      <path d={dots.join('')} fill="#000" />
    </svg>
  )
}
