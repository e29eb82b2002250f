;; The diphones of Debian's festvox-hi-nsk as a voice that says segments. The package's own voice needs phone and token rules
;; that Debian does not ship; for segments of given length and pitch the diphones and a list of their names are enough.
(require_module 'UniSyn)
(defPhoneSet nsk
  ((vc + -) (voiced + - 0))
  ((pau - -) (a + 0) (aa + 0) (iy + 0) (ih + 0) (uw + 0) (uh + 0) (ee + 0) (eh + 0) (oo + 0) (oh + 0) (ay + 0) (aw + 0)
   (k - -) (kh - -) (g - +) (ch - -) (j - +) (T - -) (D - +) (th - -) (dh - +) (p - -) (b - +) (m - +) (n - +) (N - +)
   (y - +) (r - +) (R - +) (l - +) (L - +) (v - +) (zh - +) (s - -) (sh - -) (h - -) (f - -)))
(PhoneSet.silences '(pau))
(set! nsk_diphones
  (us_diphone_init
    (list '(name "nsk_lpc_group")
          (list 'index_file (path-append (cdr (assoc 'hindi_NSK_diphone voice-locations)) "group/NSKlpc.group"))
          '(grouped "true")
          '(default_diphone "pau-pau"))))
(define (voice_nsk_diphone)
  "The Tamil speaker NSK, by segments only."
  (voice_reset)
  (PhoneSet.select 'nsk)
  (Parameter.set 'Synth_Method 'UniSyn)
  (Parameter.set 'us_sigpr 'lpc)
  (us_db_select nsk_diphones)
  (set! current-voice 'nsk_diphone))
