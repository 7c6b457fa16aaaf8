-- Messages from before there were counts, while writers go on. No version that reads counts serves
-- before this is done.
SELECT correct_message_counts(month) FROM message_count_months() AS month;
