// Sizes of files for people.

/** "812 bytes", "14 kB", "2.4 MB" */
export function formatSize(bytes: number): string {
  if (bytes < 1024) return bytes === 1 ? '1 byte' : `${bytes} bytes`;
  if (bytes < 1024 * 1024) return `${Math.round(bytes / 1024)} kB`;
  return `${(bytes / (1024 * 1024)).toFixed(1)} MB`;
}

/** "812 bytes", "14 kB (14336 bytes)" */
export function exactSize(bytes: number): string {
  const words = formatSize(bytes);
  return bytes < 1024 ? words : `${words} (${bytes} bytes)`;
}
