"""The currencies of ISO 4217 that are in use, and how many decimals each is written with."""

from __future__ import annotations

_TWO_DECIMALS = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP CVE CZK
DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD
KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP
PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH
USD UYU UZS VES WST XCD XCG YER ZAR ZMW ZWG
"""
_NO_DECIMALS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_THREE_DECIMALS = "BHD IQD JOD KWD LYD OMR TND"
_DECIMALS = {
    code: decimals
    for decimals, codes in ((2, _TWO_DECIMALS), (0, _NO_DECIMALS), (3, _THREE_DECIMALS))
    for code in codes.split()
}
# What is written in everyday life in place of the code.
_EVERYDAY = {"RMB": "CNY", "YUAN": "CNY", "CNH": "CNY", "NTD": "TWD"}


def decimals(code: str) -> int:
    """How many decimals an amount of a currency is written with; two where the code is unknown."""
    return _DECIMALS.get(code, 2)


def currency_code(written: str) -> str:
    """The code as it is written, if ISO 4217 has it; ValueError says how to write it."""
    if written in _DECIMALS:
        return written
    meant = _EVERYDAY.get(written.upper())
    raise ValueError(
        f"no currency of ISO 4217; {f'write {meant}' if meant else 'write its three letters, such as CNY'}"
    )
