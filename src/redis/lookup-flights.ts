/** How look-ups go to Redis together: an answer costs little, so many are handed out in one turn. */
export const LOOKUP_FLIGHTS = { maxItems: 256, maxFlights: 2, maxWaiting: 8_192, portion: 64 };
