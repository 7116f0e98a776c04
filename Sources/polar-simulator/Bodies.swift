internal import JSON

/// Polar's own bodies, field for field (API version 2026-10).
///
/// A picture of one moment: what changes afterwards is not in it, so it is taken after the change.
///
/// Source: server/polar/{order,checkout,refund,dispute,customer,product}/schemas.py of polarsource/polar
struct Bodies {
    let organizationID: String
    let publicURL: String
    let customers: [String: Customer]
    let products: [String: Product]
    let disputes: [String: Dispute]

    func order(_ order: Order) -> JSON {
        let customer = customers[order.customerID]
        let product = products[order.productID]
        let address = address(country: order.country)
        return .object(
            [
                .init("id", .string(order.id)), .init("created_at", .string(order.createdAt.text)),
                .init("modified_at", .optional(order.modifiedAt?.text)),
                .init("status", .string(order.status.rawValue)), .init("paid", .bool(order.status.isPaid)),
                .init("subtotal_amount", .integer(order.price.amount)),
                .init("discount_amount", .integer(order.discountAmount)),
                .init("net_amount", .integer(order.netAmount)), .init("tax_amount", .integer(order.taxAmount)),
                .init("total_amount", .integer(order.totalAmount)), .init("applied_balance_amount", 0),
                .init("due_amount", .integer(order.totalAmount)),
                .init("refunded_amount", .integer(order.refundedAmount)),
                .init("refunded_tax_amount", .integer(order.refundedTaxAmount)),
                .init("currency", .string(order.price.currency)), .init("billing_reason", "purchase"),
                .init("billing_name", .optional(order.billingName)), .init("billing_address", address),
                .init("invoice_number", .string(order.invoiceNumber)), .init("is_invoice_generated", false),
                .init("receipt_number", .optional(order.receiptNumber)), .init("seats", .null), .init("units", .null),
                .init("customer_id", .string(order.customerID)), .init("product_id", .string(order.productID)),
                .init("product_price_id", .string(order.price.id)), .init("discount_id", .null),
                .init("subscription_id", .null), .init("checkout_id", .optional(order.checkoutID)),
                .init("next_payment_attempt_at", .null), .init("metadata", order.metadata.value),
                .init("custom_field_data", .object([])),
                .init("platform_fee_amount", .integer(order.totalAmount * 4 / 100 + 40)),
                .init("platform_fee_currency", .string(order.price.currency)),
                .init("customer", customer.map { self.customer($0) } ?? .null),
                .init("user_id", .string(order.customerID)), .init("user", customer.map(user) ?? .null),
                .init("product", product.map { .object(plainProduct($0, metadataFirst: true)) } ?? .null),
                .init("product_price", price(order.price, of: order.productID)), .init("discount", .null),
                .init("subscription", .null), .init("items", [item(of: order, product: product)]),
                .init("description", .string(product?.name ?? "")),
            ] + deprecated(order))
    }

    private func deprecated(_ order: Order) -> [JSON.Member] {
        [
            .init("amount", .integer(order.netAmount)), .init("from_balance_amount", 0),
            .init("refundable_amount", .integer(order.refundableAmount)),
            .init("refundable_tax_amount", .integer(order.refundableTaxAmount)),
        ]
    }

    private func item(of order: Order, product: Product?) -> JSON {
        [
            "created_at": .string(order.createdAt.text), "modified_at": .null, "id": .string(order.itemID),
            "label": .string(product?.name ?? ""), "amount": .integer(order.price.amount), "tax_amount": 0,
            "proration": false, "product_price_id": .string(order.price.id), "start_timestamp": .null,
            "end_timestamp": .null,
        ]
    }

    func customer(_ customer: Customer) -> JSON {
        [
            "id": .string(customer.id), "created_at": .string(customer.createdAt.text),
            "modified_at": .optional(customer.modifiedAt?.text), "metadata": customer.metadata.value,
            "external_id": .optional(customer.externalID), "email": .string(customer.email), "email_verified": false,
            "type": "individual", "name": .optional(customer.name), "billing_name": .optional(customer.name),
            "billing_address": address(country: customer.country), "tax_id": .null, "locale": "en",
            "organization_id": .string(organizationID), "default_payment_method_id": .null, "deleted_at": .null,
            "first_user_event_at": .null, "avatar_url": "https://www.gravatar.com/avatar/simulator?d=404",
        ]
    }

    private func user(_ customer: Customer) -> JSON {
        [
            "id": .string(customer.id), "email": .string(customer.email),
            "public_name": .string(String(customer.email.prefix(1)).uppercased()), "avatar_url": .null,
            "github_username": .null,
        ]
    }

    private func address(country: String?) -> JSON {
        guard let country else { return .null }
        return [
            "line1": .null, "line2": .null, "postal_code": .null, "city": .null, "state": .null,
            "country": .string(country),
        ]
    }

    // MARK: Products

    /// As `GET /v1/products/` has it.
    func product(_ product: Product) -> JSON {
        .object(
            plainProduct(product, metadataFirst: false) + [
                .init("metadata", .object([])), .init("is_deletable", false),
                .init("prices", [price(product.price, of: product.id)]), .init("benefits", []), .init("medias", []),
                .init("attached_custom_fields", []),
            ])
    }

    private func checkoutProduct(_ product: Product) -> JSON {
        .object(
            plainProduct(product, metadataFirst: nil) + [
                .init("prices", [price(product.price, of: product.id)]), .init("benefits", []), .init("medias", []),
            ])
    }

    private func plainProduct(_ product: Product, metadataFirst: Bool?) -> [JSON.Member] {
        (metadataFirst == true ? [.init("metadata", .object([]))] : []) + [
            .init("id", .string(product.id)), .init("created_at", .string(product.createdAt.text)),
            .init("modified_at", .null), .init("trial_interval", .null), .init("trial_interval_count", .null),
            .init("name", .string(product.name)), .init("description", .string(product.description)),
            .init("visibility", "public"), .init("recurring_interval", .null), .init("recurring_interval_count", .null),
            .init("meter_interval", .null), .init("meter_interval_count", .null), .init("is_recurring", false),
            .init("is_archived", false), .init("organization_id", .string(organizationID)),
        ]
    }

    private func price(_ price: Price, of productID: String) -> JSON {
        [
            "created_at": .string(price.createdAt.text), "modified_at": .null, "id": .string(price.id),
            "source": price.isAdHoc ? "ad_hoc" : "catalog", "amount_type": "fixed",
            "price_currency": .string(price.currency), "tax_behavior": "exclusive", "is_archived": false,
            "product_id": .string(productID), "type": "one_time", "recurring_interval": .null,
            "price_amount": .integer(price.amount),
        ]
    }

    // MARK: Refunds and disputes

    func refund(_ refund: Refund) -> JSON {
        [
            "created_at": .string(refund.createdAt.text), "modified_at": .optional(refund.modifiedAt?.text),
            "id": .string(refund.id), "metadata": refund.metadata.value, "status": .string(refund.status.rawValue),
            "reason": .string(refund.reason.rawValue), "amount": .integer(refund.amount),
            "tax_amount": .integer(refund.taxAmount), "currency": .string(refund.currency),
            "organization_id": .string(organizationID), "order_id": .string(refund.orderID), "subscription_id": .null,
            "customer_id": .string(refund.customerID), "revoke_benefits": .bool(refund.revokesBenefits),
            "dispute": refund.disputeID.flatMap { disputes[$0] }.map { .object(plainDispute($0)) } ?? .null,
        ]
    }

    /// As `GET /v1/disputes/` has it.
    func dispute(_ dispute: Dispute, customerID: String?) -> JSON {
        .object(
            plainDispute(dispute) + [
                .init("customer", customerID.flatMap { customers[$0] }.map { customer($0) } ?? .null),
                .init("case_id", .null),
            ])
    }

    private func plainDispute(_ dispute: Dispute) -> [JSON.Member] {
        let (isResolved, isClosed): (Bool, Bool) =
            switch dispute.status {
            case .lost, .won: (true, true)
            case .prevented: (false, true)
            case .earlyWarning, .needsResponse, .underReview: (false, false)
            }
        return [
            .init("created_at", .string(dispute.createdAt.text)),
            .init("modified_at", .optional(dispute.modifiedAt?.text)), .init("id", .string(dispute.id)),
            .init("status", .string(dispute.status.rawValue)), .init("resolved", .bool(isResolved)),
            .init("closed", .bool(isClosed)), .init("amount", .integer(dispute.amount)),
            .init("tax_amount", .integer(dispute.taxAmount)), .init("currency", .string(dispute.currency)),
            .init("reason", "fraudulent"), .init("evidence_due_by", .null), .init("past_due", false),
            .init("order_id", .string(dispute.orderID)), .init("payment_id", .string(dispute.paymentID)),
        ]
    }

    /// Of the hidden benefit that some merchants attach to learn of a lost dispute.
    func benefitGrant(of order: Order, isRevoked: Bool, at moment: Moment) -> JSON {
        let granted = (order.createdAt + .seconds(2)).text
        return [
            "created_at": .string(granted), "modified_at": .string(moment.text),
            "id": .string(derivedID(from: order.id, 0x67)), "granted_at": .string(granted),
            "is_granted": .bool(!isRevoked), "revoked_at": isRevoked ? .string(moment.text) : .null,
            "is_revoked": .bool(isRevoked), "subscription_id": .null, "order_id": .string(order.id),
            "customer_id": .string(order.customerID), "member_id": .null,
            "benefit_id": .string(derivedID(from: organizationID, 0x62)), "error": .null,
            "customer": customers[order.customerID].map { customer($0) } ?? .null, "member": .null,
            "benefit": [
                "id": .string(derivedID(from: organizationID, 0x62)), "created_at": "2026-09-01T08:00:00.000003Z",
                "modified_at": .null, "type": "custom", "description": "Chargeback tripwire", "selectable": true,
                "deletable": true, "is_deleted": false, "organization_id": .string(organizationID),
                "metadata": .object([]), "visibility": "private", "visibility_configurable": true,
                "properties": ["note": .null],
            ],
            "properties": .object([]), "previous_properties": .null,
        ]
    }

    private func derivedID(from id: String, _ mark: UInt8) -> String {
        String(id.dropLast(2)) + String(mark, radix: 16)
    }
}

extension Bodies {
    func checkout(_ checkout: Checkout) -> JSON {
        .object(
            checkoutHead(checkout) + checkoutAmounts(checkout) + checkoutCustomer(checkout) + checkoutTail(checkout))
    }

    func successURL(of checkout: Checkout) -> String {
        checkout.successURL.replacing("{CHECKOUT_ID}", with: checkout.id)
    }

    private func checkoutHead(_ checkout: Checkout) -> [JSON.Member] {
        [
            .init("id", .string(checkout.id)), .init("created_at", .string(checkout.createdAt.text)),
            .init("modified_at", .optional(checkout.modifiedAt?.text)), .init("custom_field_data", .object([])),
            .init("payment_processor", "stripe"), .init("status", .string(checkout.status.rawValue)),
            .init("client_secret", .string(checkout.clientSecret)),
            .init("url", .string("\(publicURL)/checkout/\(checkout.clientSecret)")),
            .init("expires_at", .string(checkout.expiresAt.text)),
            .init("success_url", .string(successURL(of: checkout))), .init("return_url", .optional(checkout.returnURL)),
            .init("embed_origin", .optional(checkout.embedOrigin)),
        ]
    }

    private func checkoutAmounts(_ checkout: Checkout) -> [JSON.Member] {
        [
            .init("amount", .integer(checkout.price.amount)), .init("seats", .null), .init("min_seats", .null),
            .init("max_seats", .null), .init("units", .null), .init("min_units", .null), .init("max_units", .null),
            .init("discount_amount", .integer(checkout.discountAmount)),
            .init("net_amount", .integer(checkout.netAmount)), .init("tax_amount", .optional(checkout.taxAmount)),
            .init("tax_behavior", checkout.taxAmount == nil ? .null : "exclusive"),
            .init("total_amount", .integer(checkout.totalAmount)), .init("currency", .string(checkout.price.currency)),
            .init("allow_trial", true), .init("active_trial_interval", .null),
            .init("active_trial_interval_count", .null), .init("trial_end", .null),
            .init("organization_id", .string(organizationID)), .init("product_id", .optional(checkout.products.first)),
            .init("product_price_id", .string(checkout.price.id)), .init("discount_id", .null),
            .init("allow_discount_codes", .bool(checkout.allowsDiscountCodes)),
            .init("require_billing_address", false), .init("is_discount_applicable", true),
            .init("is_free_product_price", false), .init("is_payment_required", .bool(checkout.netAmount > 0)),
            .init("is_payment_setup_required", false), .init("is_payment_form_required", .bool(checkout.netAmount > 0)),
        ]
    }

    private func checkoutCustomer(_ checkout: Checkout) -> [JSON.Member] {
        [
            .init("customer_id", .optional(checkout.customerID)), .init("is_business_customer", false),
            .init("customer_name", .optional(checkout.customerName)),
            .init("customer_email", .optional(checkout.customerEmail)),
            .init("customer_ip_address", .optional(checkout.customerIP)), .init("customer_billing_name", .null),
            .init("customer_billing_address", address(country: checkout.country)), .init("customer_tax_id", .null),
            .init("locale", .optional(checkout.locale)), .init("payment_method_type", .null),
            .init("payment_processor_metadata", ["publishable_key": "pk_test_simulator"]),
            .init(
                "customer_billing_address_fields",
                [
                    "country": true, "state": false, "city": false, "postal_code": false, "line1": false,
                    "line2": false,
                ]),
            .init(
                "billing_address_fields",
                [
                    "country": "required", "state": "disabled", "city": "disabled", "postal_code": "disabled",
                    "line1": "disabled", "line2": "disabled",
                ]),
        ]
    }

    private func checkoutTail(_ checkout: Checkout) -> [JSON.Member] {
        let sold = checkout.products.compactMap { products[$0] }
        return [
            .init("trial_interval", .null), .init("trial_interval_count", .null),
            .init("metadata", checkout.metadata.value),
            .init("external_customer_id", .optional(checkout.externalCustomerID)),
            .init("customer_external_id", .optional(checkout.externalCustomerID)),
            .init("products", .array(sold.map(checkoutProduct))),
            .init("product", sold.first.map(checkoutProduct) ?? .null),
            .init("product_price", price(checkout.price, of: checkout.products.first ?? "")),
            .init(
                "prices",
                .object(
                    sold.map { product in
                        let prices = checkout.prices[product.id] ?? [product.price]
                        return JSON.Member(product.id, .array(prices.map { price($0, of: product.id) }))
                    })),
            .init("discount", .null), .init("subscription_id", .null), .init("attached_custom_fields", []),
            .init("customer_metadata", checkout.customerMetadata.value),
            .init("subtotal_amount", .integer(checkout.price.amount)),
        ]
    }
}
