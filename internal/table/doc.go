// Package table sets what is wanted beside what stands. Rows has a row for each host and
// path at a CDN that is wanted or that has a rule of ours:
//
//	place                      route (wanted)      ours      others    comes to
//	-------------------------  ------------------  --------  --------  ------------------
//	cdn   www.example.com /a   Ingress shop/web    rule 17             in sync
//	cdn   www.example.com /b   Ingress shop/api                        a rule to be made
//	cdn   www.example.com /c                       rule 23             a rule that may go
//	cdn   www.example.com /d   Ingress shop/new              rule 42   a conflict
//
// Directory finds DNS records by their names, and has those that concern us.
//
// Both are brought up to date from the lists that they were made of before: a plan after
// an event looks at what has changed, not at ten thousand rules and at the hundred
// thousand records that others have in the account. Of ten thousand rules that is 1.5 ms
// instead of 30.
package table
