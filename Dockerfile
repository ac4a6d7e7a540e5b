FROM node:24-bookworm-slim

ENV NODE_ENV=production
WORKDIR /app

COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund && npm cache clean --force

COPY knexfile.ts ./
COPY migrations ./migrations
COPY public ./public
COPY views ./views
COPY src ./src

USER node
EXPOSE 3000

# The worker is the same image with: node src/worker.ts
CMD ["node", "src/main.ts"]
