CreditControl.runToTheEnd()
