FROM node:24-bookworm-slim

ENV NODE_ENV=production
WORKDIR /app

COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund && npm cache clean --force

COPY migrations ./migrations
COPY public ./public
COPY views ./views
# Without the demo and the simulator: see .dockerignore.
COPY src ./src

USER node
EXPOSE 3000

# The same image works the jobs with node src/worker.ts, is the relay with node src/relay-process.ts, and runs the commands
# of the README: npm run migrate, npm run create-admin, npm run doctor.
CMD ["node", "src/main.ts"]
