// Loaded into the app by the supervisor (node --import): shuts the app down when the supervisor is gone for whatever
// reason, so that it does not block the port of the next start.
const parent = process.ppid;
const graceMs = 10_000;

process.stdout.on('error', () => undefined);
process.stderr.on('error', () => undefined);
// The channel also closes when the app itself exits; the parent still runs then.
process.once('disconnect', () => {
  setTimeout(() => {
    if (process.ppid === parent) return;
    process.kill(process.pid, 'SIGTERM');
    setTimeout(() => process.exit(1), graceMs).unref();
  }, 50).unref();
});
// Listening to the channel must not keep the app alive once everything else is closed.
process.channel?.unref();
