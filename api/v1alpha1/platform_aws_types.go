package v1alpha1

// DataEncryption says with whose key data at rest is encrypted.
// +kubebuilder:validation:Enum=KMS;S3
type DataEncryption string

// The encryptions.
const (
	// EncryptionKMS is by a key of the account's, which the boundary of grants names.
	EncryptionKMS DataEncryption = "KMS"
	// EncryptionS3 is by keys of S3's own.
	EncryptionS3 DataEncryption = "S3"
)

// AWS is the account that enforces grants: by a role of each person, and by what Lake Formation and S3 Access Grants hand out.
// modules/platform writes it.
//
// +kubebuilder:validation:XValidation:rule="!self.clusterARN.matches('^arn:.*:cluster/') || !self.grantsBoundaryARN.matches('^arn:.*:policy/') || self.clusterARN.split(':')[4] == self.grantsBoundaryARN.split(':')[4]",fieldPath=".grantsBoundaryARN",message="the policy has to be in the account of clusterARN"
type AWS struct {
	// clusterARN is the EKS cluster, whose pods have the roles of people.
	// +kubebuilder:validation:MaxLength=200
	// +kubebuilder:validation:XValidation:rule="self.matches('^arn:aws[a-z-]*:eks:[a-z0-9-]+:[0-9]{12}:cluster/[0-9A-Za-z][A-Za-z0-9_-]{0,99}$')",message="the ARN of an EKS cluster, such as arn:aws:eks:eu-central-1:123456789012:cluster/reef"
	// +required
	ClusterARN string `json:"clusterARN"`

	// grantsBoundaryARN is the policy that bounds the roles of people.
	// +kubebuilder:validation:MaxLength=700
	// +kubebuilder:validation:XValidation:rule="self.matches('^arn:aws[a-z-]*:iam::[0-9]{12}:policy/[0-9A-Za-z_+=,.@/-]+$')",message="the ARN of a policy of the account's, such as arn:aws:iam::123456789012:policy/atoll/reef-grants-boundary"
	// +required
	GrantsBoundaryARN string `json:"grantsBoundaryARN"`

	// dataEncryption: KMS where data is encrypted with a key of the account's, which the boundary names; S3 where it is with S3's own.
	// +kubebuilder:default=KMS
	// +optional
	DataEncryption DataEncryption `json:"dataEncryption,omitempty"`

	// lakeFormationCatalog is what datasets call the catalog whose tables Lake Formation hands out; it hands out none when empty.
	// +kubebuilder:validation:MaxLength=128
	// +kubebuilder:validation:XValidation:rule="self == '' || self.matches('^[a-z0-9_][a-z0-9_-]*$')",message="the first part of the names of tables in datasets, such as lake: lower-case letters, digits, underscores and hyphens, not beginning with a hyphen"
	// +optional
	LakeFormationCatalog string `json:"lakeFormationCatalog,omitempty"`

	// accessGrantsBucket is the bucket whose objects S3 Access Grants hands out, in place of the policies of roles; it hands out none when empty.
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:XValidation:rule="self == '' || self.matches('^[a-z0-9][-a-z0-9.]{1,61}[a-z0-9]$')",message="the name of a bucket, such as reef-data, without s3:// and without a prefix: 3 to 63 lower-case letters, digits, dots and hyphens"
	// +optional
	AccessGrantsBucket string `json:"accessGrantsBucket,omitempty"`

	// egress is where people's servers and runs reach S3, STS and other services of AWS: address ranges with a port.
	// +listType=set
	// +kubebuilder:validation:MaxItems=256
	// +kubebuilder:validation:items:MaxLength=64
	// +kubebuilder:validation:XValidation:rule="self.all(e, e.matches('^[0-9a-f.:]+/[0-9]{1,3}:[0-9]{1,5}$'))",message="address ranges with a port, such as 203.0.113.0/24:443"
	// +optional
	Egress []string `json:"egress,omitempty"`
}
