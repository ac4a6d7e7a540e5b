// Loaded into the app by the supervisor (node --import): when the supervisor has gone, however it went, the app
// finishes as if asked to, and does not stay to block the port of the next start.
const patienceMs = 10_000;

process.stdout.on('error', () => undefined);
process.stderr.on('error', () => undefined);
process.once('disconnect', () => {
  process.kill(process.pid, 'SIGTERM');
  setTimeout(() => process.exit(1), patienceMs).unref();
});
// Listening to the channel must not keep the app alive once it has closed everything else.
process.channel?.unref();
