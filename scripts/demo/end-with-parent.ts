// Loaded into the demo's server: when the demo is killed in a way that leaves it no time to say so,
// the channel to it breaks, and the server ends too instead of keeping the port for ever.

process.on("disconnect", () => process.kill(process.pid, "SIGTERM"));
process.channel?.unref();
