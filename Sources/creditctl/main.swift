import ArgumentParser

CreditControl.main()
